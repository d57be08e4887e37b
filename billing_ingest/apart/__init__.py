"""Scripts that open Parquet files and workbooks in a process of their own: see `typed.py`.

Each prints one JSON object: what it found, or `problems` when the file is refused.
"""
