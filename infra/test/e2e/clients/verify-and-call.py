"""Verifies an access token from the issuer's key set with PyJWT, then calls the user service with it.

What it knows comes from the metadata (RFC 8414); the arguments are the issuer, the audience and the
address to call. The token is on standard input, since arguments can be read by others. On standard
output: the claims and the status of the answer, as JSON. There is no line of this project in it.
"""

import json
import sys
import urllib.error
import urllib.request

import jwt


def main() -> None:
    issuer, audience, address = sys.argv[1:]
    token = sys.stdin.read().strip()
    with urllib.request.urlopen(f"{issuer}/.well-known/oauth-authorization-server") as answer:
        metadata = json.load(answer)
    key = jwt.PyJWKClient(metadata["jwks_uri"]).get_signing_key_from_jwt(token)
    claims = jwt.decode(
        token,
        key.key,
        algorithms=["ES256"],
        audience=audience,
        issuer=metadata["issuer"],
        options={"require": ["exp", "iat", "sub", "jti", "client_id"]},
    )
    request = urllib.request.Request(address, headers={"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(request) as answer:
            status = answer.status
    except urllib.error.HTTPError as refused:
        status = refused.code
    json.dump({"claims": claims, "status": status}, sys.stdout)


main()
