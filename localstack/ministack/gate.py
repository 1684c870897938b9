"""MiniStack behind a gate that stands in its own process: `python gate.py`, with MiniStack's environment and

    QUOTRON_EMULATOR_KEY   the access key id of this start; whoever started it knows it
    QUOTRON_GATE_SECRET    what the dashboard's server says of itself

MiniStack asks for no credentials, checks neither Host nor Origin, and runs functions as the developer's own processes.
Without the gate, any web page that is open in a browser on this machine could run code here.

What passes:

1. nothing that a browser sends on behalf of a page: no Origin, and no Sec-Fetch-Site but `none`
2. only a Host of 127.0.0.1 or localhost with this port: another name is another site's, pointed here (DNS rebinding)
3. AWS calls with the access key id of the starter, which is a secret of this start, or signed by a function here.
   MiniStack checks no signature but those of presigned URLs at S3; a function's access key id stands in every link that
   it gives away, so here its signatures are checked
4. presigned URLs that a function here has signed, to read one object, or to store one whose length and sum are signed
5. without one: the health check, and the REST API, which checks keys of its own

The dashboard's server passes on what browsers send it, from the one origin that it serves. It renames the headers by
which a browser says where a request comes from and adds the secret; the API behind the gate gets them back.
"""
import hmac
import json
import os
import secrets
from urllib.parse import parse_qs

import ministack.app as ministack
from ministack.core import lambda_runtime
from ministack.core.router import extract_access_key_id
from ministack.core.sigv4 import header_signature_failure, parse_header_signature, parse_query_signature
from ministack.services import apigateway_v1, sts

import permissions

PORT = os.environ["GATEWAY_PORT"]
SECRET = os.environ.pop("QUOTRON_GATE_SECRET")
STARTER_KEY = os.environ.pop("QUOTRON_EMULATOR_KEY")
HOSTS = {f"{name}:{PORT}" for name in ("127.0.0.1", "localhost")}

HEALTH = "/_localstack/health"
REST_API = "/_aws/execute-api/"
SECRET_HEADER = "x-quotron-gate"
BROWSER_HEADER = "x-quotron-browser-"
# A custom resource of CloudFormation answers there, with a token that only it was given.
CLOUDFORMATION_ANSWER = "/_ministack/cfn-response/"

# What goes on to S3 with a presigned URL. Others are not signed, and MiniStack would find another service by some of them.
HEADERS_OF_LINK = {
    "host", "accept", "user-agent", "range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since",
}

# And with one to store an object. Those by which it is held to what was signed are among its signed headers.
HEADERS_OF_UPLOAD = HEADERS_OF_LINK | {"content-length", "content-type", "content-encoding", "x-amz-checksum-sha256"}
SIGNED_OF_UPLOAD = {"content-length", "x-amz-checksum-sha256", "if-none-match"}

credentials_of = {}
secret_of = {}


def function_credentials(config):
    """What a function signs with: a session of its role, made anew with each start.

    MiniStack would give it the account's number, or with AUTH=true what can be computed from the function's name.
    """
    arn, role = config["FunctionArn"], config.get("Role", "")
    account, name = arn.split(":")[4], config["FunctionName"]
    given = credentials_of.get((arn, role))
    if given is None:
        given = credentials_of[arn, role] = {
            "AWS_ACCESS_KEY_ID": f"ASIA{secrets.token_hex(8).upper()}",
            "AWS_SECRET_ACCESS_KEY": secrets.token_urlsafe(30),
            "AWS_SESSION_TOKEN": secrets.token_urlsafe(30),
        }
        secret_of[given["AWS_ACCESS_KEY_ID"]] = given["AWS_SECRET_ACCESS_KEY"]
        role_name = role.rsplit("/", 1)[-1]
        sts.register_session(given["AWS_ACCESS_KEY_ID"], {
            "Arn": f"arn:aws:sts::{account}:assumed-role/{role_name}/{name[:64]}",
            "UserId": f"{role_name}:{name[:64]}",
            "SecretAccessKey": given["AWS_SECRET_ACCESS_KEY"],
            "SessionToken": given["AWS_SESSION_TOKEN"],
        })
    return given


def is_rest_api(path):
    """Whether MiniStack takes a path for a call of the REST API. Without API and stage it would look for a service."""
    return path.startswith(REST_API) and ministack._parse_execute_api_url("", path) is not None


permissions.correct()

# The service of functions is imported with the first call of it, and takes its name from there.
lambda_runtime.execution_credentials = function_credentials


def without_result(shape):
    """MiniStack shows what a failed function said to Lambda; API Gateway answers that with its own DEFAULT_5XX.

    `shape` gives the function's answer and an error, of which one is None.
    """
    def shaped(result):
        answer, error = shape(result)
        if error is not None:
            raise FunctionFailed
        return answer, None
    return shaped


class FunctionFailed(Exception):
    pass


def with_gateway_answer(invoke):
    async def invoked(*args, **named):
        try:
            return await invoke(*args, **named)
        except FunctionFailed:
            return apigateway_v1._gw_error("DEFAULT_5XX", "Internal server error")
    return invoked


apigateway_v1._lambda_proxy_response = without_result(apigateway_v1._lambda_proxy_response)
apigateway_v1._invoke_lambda_proxy_v1 = with_gateway_answer(apigateway_v1._invoke_lambda_proxy_v1)


def open_to_all(scope):
    """Whether a request needs no key of AWS."""
    method, path = scope["method"], scope["path"]
    if method == "PUT" and path.startswith(CLOUDFORMATION_ANSWER):
        return True
    return is_rest_api(path) or (method == "GET" and path == HEALTH)


def is_link(headers):
    """Whether a request could only be signed by its query."""
    return "authorization" not in headers


def signed_by_function(scope, query, headers):
    secret = secret_of.get(extract_access_key_id(headers, query))
    link = is_link(headers)
    signature = parse_query_signature(query) if link else parse_header_signature(headers)
    # A part of the signature is missing.
    if secret is None or isinstance(signature, tuple):
        return False
    if link and signature.service != "s3":
        return False
    if link and scope["method"] not in ("GET", "HEAD"):
        if scope["method"] != "PUT" or not SIGNED_OF_UPLOAD <= set(signature.signed_headers.split(";")):
            return False
    # The body has not come yet. The AWS SDK for JavaScript, by which all functions call, says its hash in a signed header.
    if not link and "x-amz-content-sha256" not in signature.signed_headers.split(";"):
        return False
    return header_signature_failure(
        signature, secret, scope["method"], sent_path(scope), query, headers, b"", presigned=link,
    ) is None


def is_followed_link(scope, query, headers):
    """Whether somebody follows a link to an object, as those of an export on the dashboard. The page it is on cannot read it."""
    followed = scope["method"] == "GET" and headers.get("sec-fetch-mode") == "navigate"
    return followed and not open_to_all(scope) and is_link(headers) and signed_by_function(scope, query, headers)


def refusal(scope, query, headers):
    """Why a request is refused, or None. `headers` by lower-case name."""
    if "origin" in headers:
        return "It comes from a web page (Origin)."
    if headers.get("sec-fetch-site", "none") != "none" and not is_followed_link(scope, query, headers):
        return "It comes from a web page (Sec-Fetch-Site)."
    if headers.get("host") not in HOSTS:
        return f"Its Host is not 127.0.0.1:{PORT} or localhost:{PORT}."
    if open_to_all(scope):
        return None
    if extract_access_key_id(headers, query) == STARTER_KEY or signed_by_function(scope, query, headers):
        return None
    return "It is not signed with a key of this start. The one for you stands in .quotron/local.json."


def sent_path(scope):
    """The path as it was sent, with its escapes."""
    return scope.get("raw_path", b"").decode("latin-1").partition("?")[0]


def rest_path(scope):
    """The path as it was sent where it is one of the REST API: API Gateway hands it on so, and MiniStack decoded."""
    raw = sent_path(scope)
    return raw if is_rest_api(scope["path"]) and is_rest_api(raw) else scope["path"]


async def refuse(send, why):
    body = json.dumps({"__type": "AccessDeniedException", "message": f"The gate of the local cloud refuses this request. {why}"})
    await send({"type": "http.response.start", "status": 403, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": body.encode()})


def gated(app):
    async def gate(scope, receive, send):
        if scope["type"] == "lifespan":
            await app(scope, receive, send)
            return
        if scope["type"] != "http":
            # Nothing here speaks over WebSockets.
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        names = [name.decode("latin-1").lower() for name, _ in scope["headers"]]
        headers = {name: value.decode("latin-1") for name, (_, value) in zip(names, scope["headers"])}
        # Said twice, a header could be read one way here and another way behind.
        if names.count("host") > 1 or names.count("authorization") > 1:
            await refuse(send, "It has a header twice.")
            return
        said = headers.pop(SECRET_HEADER, "")
        query = parse_qs(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
        why = refusal(scope, query, headers)
        if why is not None:
            await refuse(send, why)
            return
        trusted = hmac.compare_digest(said.encode("latin-1"), SECRET.encode()) and is_rest_api(scope["path"])
        link = is_link(headers) and not open_to_all(scope)
        passed = HEADERS_OF_UPLOAD if scope["method"] == "PUT" else HEADERS_OF_LINK
        kept = []
        for name, pair in zip(names, scope["headers"]):
            if link:
                if name in passed:
                    kept.append(pair)
            elif name.startswith(BROWSER_HEADER):
                if trusted:
                    kept.append((name.removeprefix(BROWSER_HEADER).encode(), pair[1]))
            elif name != SECRET_HEADER:
                kept.append(pair)
        await app({**scope, "headers": kept, "path": rest_path(scope)}, receive, send)

    return gate


# `main` looks its application up when it serves.
ministack.app = gated(ministack.app)

if __name__ == "__main__":
    ministack.main()
