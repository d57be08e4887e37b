"""The demo company: vendor files as the vendors write them, imported like any other.

`write.write_company` writes a year of bills, usage logs, pull requests and tickets of an
invented retailer. Nothing in here touches the database or knows how a file is read.
"""
