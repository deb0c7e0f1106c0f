"""Asks a database of SQLite, read-only, the questions on standard input, a line each; prints what each row says."""
import sqlite3
import sys

database = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True, timeout=20)
for question in sys.stdin:
    for row in database.execute(question):
        print("|".join(str(value) for value in row))
