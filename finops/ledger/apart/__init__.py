"""A script that opens archived Parquet files and workbooks in a process of its own."""
