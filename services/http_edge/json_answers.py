"""Messages as answers (应答), in the bytes that the framework would send.

Given the message itself, the framework passes it to another thread to be checked a second time.
"""

from pydantic import BaseModel
from starlette.responses import Response


def json_answer(message: BaseModel) -> Response:
    """A message of the route's own type as its response."""
    return Response(message.model_dump_json(by_alias=True), media_type="application/json")
