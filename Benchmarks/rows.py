"""The rows of the table, and the bars that Homeport has set itself."""

import dataclasses

from table import Row


def per_push(name):
    return (
        Row(f"{name}: speed", "MB/s", "more", factor=2),
        Row(f"{name}: CPU", "s/GB", limit=1.5),
    )


PUSH = {
    (False, 1): per_push("push, one PUT"),
    (True, 1): per_push("push, PATCH + PUT"),
    (False, 8): per_push("push, one PUT, 8 connections"),
    (True, 8): per_push("push, PATCH + PUT, 8 connections"),
}
PULL = {
    1: (Row("pull, 1 connection: speed", "MB/s", "more"), Row("pull, 1 connection: CPU", "s/GB")),
    8: (
        Row("pull, 8 connections: speed", "MB/s", "more"),
        Row("pull, 8 connections: CPU", "s/GB", limit=0.20, factor=0.5),
    ),
}


def per_request(name):
    return (
        Row(f"{name}, 16 connections", "requests/s", "more", limit=10_000),
        Row(f"{name}: CPU", "µs", limit=80),
    )


MANIFEST_BY_TAG = per_request("manifest GET by tag")
MANIFEST_BY_DIGEST = per_request("manifest GET by digest")
BLOB_HEAD = per_request("blob HEAD")
TOKEN = (
    Row("token, credential verified before", "requests/s", "more"),
    Row("token, credential verified before: CPU", "ms", limit=0.2),
)
TOKEN_RULES = {1: Row("token under 1 rule, P-256: CPU", "ms", limit=0.2)}
TOKEN_MANY_RULES = {
    number: (
        Row(f"token under {number:,} rules, P-256: CPU", "ms", limit=0.25),
        Row(f"token under {number:,} rules: more than under 1", "ms", limit=0.05),
    )
    for number in (1_000, 10_000)
}
TOKEN_KEYS = {
    key: (
        Row(f"token under 1 rule, {name}: CPU", "ms"),
        Row(f"{name} signature in a token, beside `openssl speed`", "×", limit=1.25),
    )
    for key, name in (("rsa2048", "RSA-2048"), ("rsa4096", "RSA-4096"))
}
STORM = (
    Row("pull of a small blob while logins storm: median, more than alone", "ms", limit=1),
    Row("pull of a small blob while logins storm: 99 of 100, more than alone", "ms", limit=10),
)
STORM_LOGINS = Row("logins in the storm, each hashed", "1/s", "more")
LAYERS = (
    Row("ten-layer push by skopeo, 200 MB", "s"),
    Row("ten-layer push by skopeo: CPU", "s/GB"),
)


def per_page(name):
    return Row(f"{name}: CPU", "ms", limit=2), Row(f"{name}: answered in", "ms")


TAGS_PAGE = per_page("page of 100 tags of {tags:,}")
CATALOGUE_PAGE = per_page("page of 100 repositories of {repositories:,}")
REFERRERS_PAGE = per_page("page of 100 referrers of {referrers:,}")
CROWDED_GET = (
    Row("manifest GET among {tags:,} tags: CPU", "µs", limit=80),
    Row("manifest GET among {tags:,} tags, beside one in an empty repository", "×", limit=1.2, is_compared=False),
)
CROWDED_PUT = (
    Row("manifest PUT among {tags:,} tags", "ms"),
    Row("manifest PUT among {tags:,} tags, beside one in an empty repository", "×", limit=1.2, is_compared=False),
)
CROWDED_DELETE = Row("manifest DELETE among {tags:,} tags", "ms", limit=5)

START = {
    False: Row("start to the first answer, nothing stored", "ms", limit=300),
    True: Row("start to the first answer, {repositories:,} repositories, {blobs:,} blobs", "ms", limit=300),
}
IDLE = {
    False: Row("memory, idle, nothing stored", "MiB", limit=40),
    True: Row("memory, idle, {repositories:,} repositories, {blobs:,} blobs", "MiB", limit=40),
}


def peak(name):
    return Row(f"memory, most during {name}", "MiB", limit=120)


AFTER_TRAFFIC = Row("memory, after {traffic:g} GB pulled and pushed", "MiB", limit=120)


def sized(row, sizes):
    """The row with the sizes of this run in its name."""
    return dataclasses.replace(row, name=row.name.format(**sizes))
