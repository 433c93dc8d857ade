#!/usr/bin/env python3
"""Looks at a data folder of Homeport as nobody of its house would: with sqlite3 and hashlib, and no line of its code.

    check_data_folder.py DATA [--whole] [--acknowledged FILE]

Prints what is wrong, one line each, then a summary as JSON on the last line; ends with 1 when anything is wrong.
docs/format.md says what the files and rows mean.

--whole          every manifest also has all that it refers to: right where nobody removed a blob or a manifest by
                 hand that something still refers to.
--acknowledged   lines of JSON, what clients were told: {"repository", "manifests": [...], "blobs": [...],
                 "tags": {tag: digest}} must all be there; "gone": {"tags": [...], "manifests": [...]} must not.
"""

import argparse
import hashlib
import json
import os
import sqlite3
import stat
import sys

IMAGES = ("application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json")
INDEXES = ("application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json")
ARTIFACT = "application/vnd.oci.artifact.manifest.v1+json"


class Check:
    def __init__(self, data, whole):
        self.base = os.path.join(data, "docker/registry/v2")
        self.whole = whole
        self.problems = []
        self.counts = {}
        self.verified = {}
        # Not read-only: after a kill the log beside the database has to be gone through first.
        self.rows = sqlite3.connect(os.path.join(data, "homeport.db"), timeout=30)
        self.rows.row_factory = sqlite3.Row

    def wrong(self, text):
        self.problems.append(text)

    def all(self, sql, *values):
        return self.rows.execute(sql, values).fetchall()

    def run(self):
        self.database()
        self.files()
        self.blobs()
        self.manifests()
        self.tags()
        self.rests()
        self.repositories()
        self.uploads()

    def database(self):
        for row in self.all("PRAGMA integrity_check"):
            if row[0] != "ok":
                self.wrong(f"the database is damaged: {row[0]}")
        for row in self.all("PRAGMA foreign_key_check"):
            self.wrong(f"table {row[0]}: row {row[1]} points to no row of {row[2]}")

    # Bytes

    def path(self, digest):
        algorithm, hexadecimal = digest.split(":", 1)
        return os.path.join(self.base, "blobs", algorithm, hexadecimal[:2], hexadecimal, "data")

    def verify(self, digest):
        """The size of a blob whose bytes are right; otherwise what is wrong."""
        if digest not in self.verified:
            self.verified[digest] = self.look_at(digest)
        return self.verified[digest]

    def look_at(self, digest):
        path = self.path(digest)
        try:
            status = os.lstat(path)
        except FileNotFoundError:
            return "has no bytes"
        if not stat.S_ISREG(status.st_mode):
            return "is no plain file"
        hash = hashlib.new(digest.split(":", 1)[0])
        with open(path, "rb") as file:
            while piece := file.read(1 << 20):
                hash.update(piece)
        if hash.hexdigest() != digest.split(":", 1)[1]:
            return f"has bytes of another digest ({status.st_size} of them)"
        return status.st_size

    def files(self):
        """Every file that has a blob's name has its bytes, whether a row knows it or not."""
        known = {row["digest"] for row in self.all("SELECT digest FROM blob")}
        count = unknown = 0
        for algorithm in ("sha256", "sha512"):
            top = os.path.join(self.base, "blobs", algorithm)
            for shelf in sorted(os.listdir(top)) if os.path.isdir(top) else []:
                for name in sorted(os.listdir(os.path.join(top, shelf))):
                    digest = f"{algorithm}:{name}"
                    if not os.path.lexists(self.path(digest)):
                        continue
                    count += 1
                    unknown += digest not in known
                    found = self.verify(digest)
                    if not isinstance(found, int):
                        self.wrong(f"blob {digest} {found}")
        self.counts.update(files=count, files_without_row=unknown)

    def blobs(self):
        held = {row["blob"] for row in self.all("SELECT DISTINCT blob FROM link")}
        for row in self.all("SELECT id, digest, size, unheld_since FROM blob"):
            is_held = row["id"] in held
            if is_held == (row["unheld_since"] is not None):
                self.wrong(f"blob {row['digest']} is {'' if is_held else 'not '}held and its row says otherwise")
            found = self.verify(row["digest"])
            if found == "has no bytes" and not is_held:
                continue  # a collection that was cut off; the next one forgets the row
            if not isinstance(found, int):
                self.wrong(f"blob {row['digest']}, which a row knows, {found}")
            elif found != row["size"]:
                self.wrong(f"blob {row['digest']} has {found} bytes and its row says {row['size']}")
        self.counts.update(blobs=self.all("SELECT count(*) FROM blob")[0][0], held=len(held))

    # Rows

    def manifests(self):
        count = 0
        for row in self.all("SELECT manifest.*, repository.name AS repository_name, "
                            "coalesce(removed_name, repository.name) AS plain_name, "
                            "removed_name IS NOT NULL AS is_removed FROM manifest "
                            "JOIN repository ON repository.id = manifest.repository"):
            count += 1
            name = f"manifest {row['digest']} of {row['repository_name']}"
            algorithm, hexadecimal = row["digest"].split(":", 1)
            if hashlib.new(algorithm, row["bytes"]).hexdigest() != hexadecimal:
                self.wrong(f"{name} has bytes of another digest")
                continue
            if row["size"] != len(row["bytes"]):
                self.wrong(f"{name} has {len(row['bytes'])} bytes and its row says {row['size']}")
            self.references(row, name)
        self.counts["manifests"] = count

    def references(self, row, name):
        blobs, manifests, subject = self.read(row)
        noted = {(r["kind"], r["target"]) for r in
                 self.all("SELECT kind, target FROM manifest_reference WHERE manifest = ?", row["id"])}
        wanted = {("blob", d["digest"]) for d in blobs} | {("manifest", d["digest"]) for d in manifests}
        if noted != wanted:
            self.wrong(f"{name}: its references are not what its bytes say: {sorted(noted ^ wanted)}")
        if row["subject"] != (subject or {}).get("digest"):
            self.wrong(f"{name} has the subject {row['subject']} and not what its bytes say")
        if not self.whole:
            return
        for blob in blobs:
            if blob.get("urls") or "nondistributable" in blob["mediaType"] or "foreign" in blob["mediaType"]:
                continue
            if not self.all("SELECT 1 FROM link JOIN blob ON blob.id = link.blob "
                            "WHERE link.repository = ? AND blob.digest = ?", row["repository"], blob["digest"]):
                self.wrong(f"{name} needs blob {blob['digest']}, which its repository does not hold")
        for child in manifests:
            # What was removed waits apart from what it lists.
            if not self.all("SELECT 1 FROM manifest JOIN repository ON repository.id = manifest.repository "
                            "WHERE coalesce(repository.removed_name, repository.name) = ? AND digest = ? "
                            "AND (repository.removed_name IS NULL OR ?)",
                            row["plain_name"], child["digest"], row["is_removed"]):
                self.wrong(f"{name} lists manifest {child['digest']}, which its repository does not hold")

    def read(self, row):
        """The descriptors of blobs and of manifests, and the subject, as the bytes have them."""
        try:
            document = json.loads(row["bytes"])
        except ValueError:
            return [], [], None
        if not isinstance(document, dict):
            return [], [], None
        kind, subject = row["media_type"], document.get("subject")
        if kind in IMAGES:
            return [document["config"]] + (document.get("layers") or []), [], subject
        if kind in INDEXES:
            return [], document.get("manifests") or [], subject
        if kind == ARTIFACT:
            return document.get("blobs") or [], [], subject
        return [], [], subject

    def tags(self):
        for row in self.all("SELECT tag.name, repository.name AS repository_name FROM tag "
                            "JOIN manifest ON manifest.id = tag.manifest "
                            "JOIN repository ON repository.id = tag.repository "
                            "WHERE manifest.repository <> tag.repository"):
            self.wrong(f"tag {row['name']} of {row['repository_name']} points into another repository")
        now = {(r["repository_name"], r["name"]): r["digest"] for r in self.all(
            "SELECT repository.name AS repository_name, tag.name, manifest.digest FROM tag "
            "JOIN manifest ON manifest.id = tag.manifest JOIN repository ON repository.id = tag.repository "
            "WHERE removed_name IS NULL")}
        last = {}
        for row in self.all("SELECT repository, tag, kind, from_digest, to_digest FROM tag_history ORDER BY id"):
            place = (row["repository"], row["tag"])
            if not row["tag"]:
                # The whole repository was removed, or restored, and then the tags are where they were at some time.
                for known in [known for known in last if known[0] == row["repository"]]:
                    last[known] = None
                    if row["kind"] == "restored":
                        del last[known]
                continue
            # Histories are cut off at their beginning, never in the middle.
            if place in last and last[place] != row["from_digest"]:
                self.wrong(f"the history of tag {row['tag']} jumps from {last[place]} to {row['from_digest']}")
            last[place] = row["to_digest"]
        for place in set(now) | set(last):
            if now.get(place) != last.get(place, now.get(place)):
                self.wrong(f"tag {place[1]} points to {now.get(place)}, its history says {last.get(place)}")
        self.counts["tags"] = len(now)

    def rests(self):
        """What nothing points to has the moment written down since when, and nothing else has."""
        for row in self.all("SELECT digest, repository.name, rests_since, EXISTS (SELECT 1 FROM tag "
                            "WHERE tag.manifest = manifest.id) AS is_tagged FROM manifest "
                            "JOIN repository ON repository.id = manifest.repository"):
            if bool(row["is_tagged"]) == (row["rests_since"] is not None):
                self.wrong(f"manifest {row['digest']} of {row['name']} has {'a' if row['is_tagged'] else 'no'} tag "
                           "and its row says otherwise")
        for row in self.all("SELECT digest, repository.name, link.rests_since, EXISTS (SELECT 1 FROM "
                            "manifest_reference AS reference WHERE reference.repository = link.repository "
                            "AND reference.target = digest AND kind = 'blob') AS is_needed FROM link "
                            "JOIN blob ON blob.id = link.blob JOIN repository ON repository.id = link.repository"):
            if bool(row["is_needed"]) == (row["rests_since"] is not None):
                self.wrong(f"blob {row['digest']} in {row['name']} is {'' if row['is_needed'] else 'not '}needed "
                           "by a manifest and its link says otherwise")

    def repositories(self):
        for row in self.all("SELECT * FROM repository"):
            counted = {
                "tag_count": self.all("SELECT count(*) FROM tag WHERE repository = ?", row["id"])[0][0],
                "manifest_count": self.all("SELECT count(*) FROM manifest WHERE repository = ?", row["id"])[0][0],
                "size": self.all(
                    "SELECT (SELECT coalesce(sum(blob.size), 0) FROM link JOIN blob ON blob.id = link.blob "
                    "WHERE link.repository = ?1) + (SELECT coalesce(sum(size), 0) FROM manifest "
                    "WHERE repository = ?1)", row["id"])[0][0],
            }
            for column, value in counted.items():
                if row[column] != value:
                    self.wrong(f"repository {row['name']}: {column} is {row[column]}, counted {value}")
        self.counts["repositories"] = self.all("SELECT count(*) FROM repository")[0][0]

    def uploads(self):
        folder = os.path.join(self.base, "uploads-in-progress")
        self.counts["uploads"] = self.all("SELECT count(*) FROM upload")[0][0]
        self.counts["upload_files"] = len(os.listdir(folder)) if os.path.isdir(folder) else 0

    # What clients know

    def acknowledged(self, lines):
        count = 0
        for line in lines:
            told = json.loads(line)
            name = told["repository"]
            for digest in told.get("manifests", []):
                count += 1
                if not self.manifest(name, digest):
                    self.wrong(f"{name}: manifest {digest} was acknowledged and is not there")
            for digest in told.get("blobs", []):
                count += 1
                if not self.all("SELECT 1 FROM link JOIN blob ON blob.id = link.blob JOIN repository "
                                "ON repository.id = link.repository WHERE name = ? AND digest = ?", name, digest):
                    self.wrong(f"{name}: blob {digest} was acknowledged and is not linked")
            for tag, digest in told.get("tags", {}).items():
                count += 1
                if self.tag(name, tag) != digest:
                    self.wrong(f"{name}: tag {tag} was acknowledged at {digest} and is at {self.tag(name, tag)}")
            for tag in told.get("gone", {}).get("tags", []):
                count += 1
                if self.tag(name, tag):
                    self.wrong(f"{name}: tag {tag} was removed and is at {self.tag(name, tag)}")
            for digest in told.get("gone", {}).get("manifests", []):
                count += 1
                if self.manifest(name, digest):
                    self.wrong(f"{name}: manifest {digest} was removed and is there")
        self.counts["acknowledged"] = count

    def manifest(self, repository, digest):
        return self.all("SELECT 1 FROM manifest JOIN repository ON repository.id = manifest.repository "
                        "WHERE name = ? AND digest = ?", repository, digest)

    def tag(self, repository, tag):
        found = self.all("SELECT manifest.digest FROM tag JOIN manifest ON manifest.id = tag.manifest "
                         "JOIN repository ON repository.id = tag.repository "
                         "WHERE repository.name = ? AND tag.name = ?", repository, tag)
        return found[0][0] if found else None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("data")
    parser.add_argument("--whole", action="store_true")
    parser.add_argument("--acknowledged")
    options = parser.parse_args()
    check = Check(options.data, options.whole)
    check.run()
    if options.acknowledged:
        with open(options.acknowledged) as lines:
            check.acknowledged(lines)
    for problem in check.problems:
        print(problem)
    print(json.dumps({"problems": len(check.problems), **check.counts}, sort_keys=True))
    sys.exit(1 if check.problems else 0)


if __name__ == "__main__":
    main()
