#!/usr/bin/env python
"""Run a Django command, with the embedded database started first when there is one."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "finops.settings")
    from django.core.management import execute_from_command_line

    from finops.embedded.books import open_for_command

    with open_for_command(sys.argv):
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
