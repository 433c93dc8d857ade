"""mongo_edit.py PORT DATABASE LINES: runs lines of Python on `db`, as somebody with pymongo at hand would."""
import datetime
import sys

import bson
import pymongo

port, name, lines = sys.argv[1:]
client = pymongo.MongoClient("127.0.0.1", int(port), serverSelectionTimeoutMS=5000)
names = {"db": client[name], "datetime": datetime, "bson": bson, "pymongo": pymongo}
exec(lines, names)  # The lines are the test's own.
client.close()
