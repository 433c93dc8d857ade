"""Reads a token as registries since 3.0 do, by other people's cryptography: registry3_token.py BUNDLE ISSUER SERVICE.

The token comes on standard input. A certificate in the token has to lead to one of the bundle and wins, and one that does
not is refused without a look at anything else; otherwise `kid` has to be the RFC 7638 thumbprint of a key in the bundle.
Prints `accepted by x5c` or `accepted by kid`, or the reason and ends with status 1.
"""

import base64
import datetime
import hashlib
import json
import sys
import time

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

LEEWAY = 60
ALGORITHMS = {
    "RS256": (rsa.RSAPublicKey, hashes.SHA256()),
    "ES256": (ec.EllipticCurvePublicKey, hashes.SHA256()),
    "ES384": (ec.EllipticCurvePublicKey, hashes.SHA384()),
    "ES512": (ec.EllipticCurvePublicKey, hashes.SHA512()),
}


def refuse(reason):
    sys.exit(reason)


def decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def thumbprint(key, is_padded):
    """RFC 7638, with the numbers of a curve as it wants them, or as Go writes them, without leading zeros.

    One key in 128 has such a number. Registries know the second form alone; the certificate in the token spares
    them the question, and keys that are drawn for a test should not decide how it ends.
    """
    size = (key.key_size + 7) // 8 if is_padded and not isinstance(key, rsa.RSAPublicKey) else 1

    def number(value):
        return encoded(value.to_bytes(max(size, (value.bit_length() + 7) // 8), "big"))

    numbers = key.public_numbers()
    if isinstance(key, rsa.RSAPublicKey):
        members = {"e": number(numbers.e), "kty": "RSA", "n": number(numbers.n)}
    else:
        curve = {256: "P-256", 384: "P-384", 521: "P-521"}[key.curve.key_size]
        members = {"crv": curve, "kty": "EC", "x": number(numbers.x), "y": number(numbers.y)}
    text = json.dumps(members, separators=(",", ":"), sort_keys=True)
    return encoded(hashlib.sha256(text.encode()).digest())


def certified_key(chain, bundle):
    """The key of a chain's first certificate, when it leads to the bundle and all is in time."""
    certificates = [x509.load_der_x509_certificate(base64.b64decode(text, validate=True)) for text in chain]
    now = datetime.datetime.now(datetime.timezone.utc)
    current = certificates[0]
    for _ in range(8):
        if not current.not_valid_before_utc <= now <= current.not_valid_after_utc:
            refuse("a certificate is not in time")
        if current in bundle:
            return certificates[0].public_key()
        for issuer in bundle + certificates[1:]:
            try:
                current.verify_directly_issued_by(issuer)
            except (ValueError, TypeError, InvalidSignature):
                continue
            current = issuer
            break
        else:
            refuse("the certificate does not lead to the bundle")
    refuse("the chain has no end")


def check_signature(key, algorithm, signature, signed):
    kind, hashing = ALGORITHMS.get(algorithm) or refuse(f"the algorithm {algorithm} is not allowed")
    if not isinstance(key, kind):
        refuse("the algorithm is not the key's")
    try:
        if kind is rsa.RSAPublicKey:
            key.verify(signature, signed, padding.PKCS1v15(), hashing)
        else:
            half = (key.curve.key_size + 7) // 8
            if len(signature) != 2 * half:
                refuse("the signature is not R and S of fixed length")
            pair = [int.from_bytes(part, "big") for part in (signature[:half], signature[half:])]
            key.verify(encode_dss_signature(*pair), signed, ec.ECDSA(hashing))
    except InvalidSignature:
        refuse("the signature is wrong")


def check_claims(claims, issuer, service):
    if claims["iss"] != issuer or claims["aud"] != service:
        refuse("it is of another issuer or for another service")
    now = time.time()
    for name in ("exp", "nbf", "iat"):
        if not isinstance(claims[name], int):
            refuse(f"{name} is no whole number")
    if claims["exp"] + LEEWAY < now or claims["nbf"] - LEEWAY > now:
        refuse("it is not in time")
    for entry in claims["access"]:
        if set(entry) - {"type", "class", "name", "actions"} or not isinstance(entry["actions"], list):
            refuse("its access cannot be read")


def main():
    with open(sys.argv[1], "rb") as file:
        bundle = x509.load_pem_x509_certificates(file.read())
    parts = sys.stdin.read().strip().split(".")
    header, claims = json.loads(decoded(parts[0])), json.loads(decoded(parts[1]))
    if "x5c" in header:
        way, key = "x5c", certified_key(header["x5c"], bundle)
    else:
        keys = [certificate.public_key() for certificate in bundle]
        known = {thumbprint(key, is_padded): key for key in keys for is_padded in (False, True)}
        way, key = "kid", known.get(header["kid"]) or refuse("token signed by untrusted key with ID")
    check_signature(key, header["alg"], decoded(parts[2]), f"{parts[0]}.{parts[1]}".encode())
    check_claims(claims, sys.argv[2], sys.argv[3])
    print("accepted by", way)


main()
