"""Makes AWS calls for the local stack: one JSON object a line in, one a line out, until standard input ends.

In:  {"id": 1, "service": "dynamodb", "operation": "scan", "parameters": {...}, "pages": "Items"}
Out: {"id": 1, "result": {...}} or {"id": 1, "error": {"code": "...", "message": "..."}}

`pages` names the list to gather over all pages. Bytes are written {"$bytes": "<base64>"} in both directions,
and {"$file": "<path>"} in a call stands for a file's content.
"""

import base64
import concurrent.futures
import datetime
import json
import pathlib
import sys
import threading

import boto3
import botocore.config
import botocore.exceptions

CONFIG = botocore.config.Config(
    retries={"total_max_attempts": 2},
    connect_timeout=5,
    read_timeout=60,
    max_pool_connections=16,
    parameter_validation=True,
)
clients: dict = {}
clients_lock = threading.Lock()
write_lock = threading.Lock()


def client(service: str, endpoint: str, region: str):
    with clients_lock:
        if service not in clients:
            clients[service] = boto3.client(
                service,
                endpoint_url=endpoint,
                region_name=region,
                aws_access_key_id="test",
                aws_secret_access_key="test",
                config=CONFIG,
            )
        return clients[service]


def to_python(value):
    if isinstance(value, dict):
        if set(value) == {"$bytes"}:
            return base64.b64decode(value["$bytes"])
        if set(value) == {"$file"}:
            return pathlib.Path(value["$file"]).read_bytes()
        return {key: to_python(item) for key, item in value.items()}
    if isinstance(value, list):
        return [to_python(item) for item in value]
    return value


def to_json(value):
    if isinstance(value, (bytes, bytearray)):
        return {"$bytes": base64.b64encode(bytes(value)).decode()}
    if isinstance(value, datetime.datetime):
        return value.timestamp()
    if hasattr(value, "read"):
        return value.read().decode("utf-8", "replace")
    return str(value)


def call(request: dict, endpoint: str, region: str):
    service = client(request["service"], endpoint, region)
    parameters = to_python(request.get("parameters") or {})
    operation = request["operation"]
    pages = request.get("pages")
    if not pages:
        answer = getattr(service, operation)(**parameters)
        answer.pop("ResponseMetadata", None)
        return answer
    gathered: list = []
    if service.can_paginate(operation):
        for page in service.get_paginator(operation).paginate(**parameters):
            gathered.extend(page.get(pages) or [])
    else:
        gathered.extend(getattr(service, operation)(**parameters).get(pages) or [])
    return {pages: gathered}


def answer(line: str, endpoint: str, region: str) -> None:
    request = json.loads(line)
    try:
        reply = {"id": request["id"], "result": call(request, endpoint, region)}
    except botocore.exceptions.ClientError as error:
        details = error.response.get("Error", {})
        reply = {
            "id": request["id"],
            "error": {"code": details.get("Code", "Unknown"), "message": details.get("Message", str(error))},
        }
    except Exception as error:  # noqa: BLE001 - whatever it is, the caller must hear of it
        reply = {"id": request["id"], "error": {"code": type(error).__name__, "message": str(error)}}
    text = json.dumps(reply, default=to_json)
    with write_lock:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


def main() -> None:
    endpoint, region = sys.argv[1:3]
    with concurrent.futures.ThreadPoolExecutor(max_workers=8) as pool:
        for line in sys.stdin:
            if line.strip():
                pool.submit(answer, line, endpoint, region)


if __name__ == "__main__":
    main()
