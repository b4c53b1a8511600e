"""A question's parameters read at once (查询参数): one model for all of those in one place.

The framework resolves each parameter by itself, which for a question with many costs as much as
answering it. Declared to callers and refused they are as the framework would.
"""

from collections.abc import Mapping
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ValidationError

TAsked = TypeVar("TAsked", bound=BaseModel)

Place = Literal["query", "header"]


def read_at_once(
    model: type[TAsked], place: Place, sent: Mapping[str, str], mistakes: list[Any]
) -> TAsked | None:
    """The parameters of a model out of what was sent, others passed over; None with mistakes.

    What is wrong is added to `mistakes`, each with its place and name, for a
    `RequestValidationError`.
    """
    # Looked up one by one: the names of headers are those of any spelling.
    names = (field.alias or name for name, field in model.model_fields.items())
    found = {name: value for name in names if (value := sent.get(name)) is not None}
    try:
        return model.model_validate(found)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False)
        mistakes += [{**each, "loc": (place, *each["loc"])} for each in wrong]
        return None


def declared(model: type[BaseModel], place: Place) -> list[dict[str, Any]]:
    """The parameters of a model as OpenAPI declares them."""
    schema = model.model_json_schema()
    required = schema.get("required", ())
    return [
        {
            "name": name,
            "in": place,
            "required": name in required,
            "schema": each,
            "description": each["description"],
        }
        for name, each in schema["properties"].items()
    ]
