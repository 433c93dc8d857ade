"""mongo_load.py PORT DATABASE COLLECTION FILE: what `mongoimport --collection COLLECTION FILE` does."""
import sys

import pymongo
from bson import json_util

port, name, collection, path = sys.argv[1:]
client = pymongo.MongoClient("127.0.0.1", int(port), serverSelectionTimeoutMS=5000)
with open(path, encoding="utf-8") as lines:
    client[name][collection].insert_many([json_util.loads(line) for line in lines if line.strip()])
client.close()
