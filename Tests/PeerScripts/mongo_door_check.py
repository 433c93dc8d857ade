"""mongo_door_check.py PORT PORT USER PASSWORD: goes through mongo_door.py with MongoDB's own client for Python, so that the
door is what that client takes for a replica set with users."""
import sys
import time

import pymongo
from pymongo.errors import OperationFailure

one, other, user, password = sys.argv[1:]


def client(secret, mechanism, name=user):
    return pymongo.MongoClient(
        [f"127.0.0.1:{one}", f"127.0.0.1:{other}"], replicaSet="rs0", username=name, password=secret,
        authSource="admin", serverSelectionTimeoutMS=10000,
        **({"authMechanism": mechanism} if mechanism else {}))


for mechanism in [None, "SCRAM-SHA-256", "SCRAM-SHA-1"]:
    with client(password, mechanism) as here:
        here.door.things.insert_one({"mechanism": mechanism})
        assert len(list(here.door.things.find({"mechanism": mechanism}))) == 1
        deadline = time.monotonic() + 20
        while not (here.primary and here.secondaries):
            assert time.monotonic() < deadline, here.topology_description
            time.sleep(0.05)
    for name, secret in [(user, password + "x"), ("nobody", password)]:
        with client(secret, mechanism, name) as here:
            try:
                here.door.things.find_one()
                sys.exit(f"{name} was let in by {mechanism}")
            except OperationFailure as failure:
                assert failure.code == 18, failure
with pymongo.MongoClient(f"127.0.0.1:{one}", directConnection=True, serverSelectionTimeoutMS=10000) as here:
    try:
        here.door.things.find_one()
        sys.exit("nobody was let in")
    except OperationFailure as failure:
        assert failure.code == 13, failure
