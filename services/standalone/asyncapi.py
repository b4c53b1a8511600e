"""The AsyncAPI 3.0 description of a channel (消息通道说明), made from channel and messages."""

from typing import Any

from pydantic import BaseModel

from contracts.channels import (
    CONTENT_TYPE,
    PARTITIONS,
    Channel,
    data_schema_of,
    name_of,
)

VERSION = "1.0.0"
_SCHEMAS = "#/components/schemas/"
_KAFKA_BINDING = "0.5.0"


def asyncapi_of(channel: Channel) -> dict[str, Any]:
    """What is told on a channel, as AsyncAPI says it; the same channel, the same document."""
    messages = list(channel.key_fields)
    names = [message.__name__ for message in messages]
    return {
        "asyncapi": "3.0.0",
        "id": f"urn:yizhan:{channel.owner}:events",
        "info": {
            "title": channel.title,
            "version": VERSION,
            "description": channel.about,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": CONTENT_TYPE,
        "channels": {
            "events": {
                "address": channel.topic,
                "title": channel.title,
                "description": channel.about,
                "messages": {each: {"$ref": f"#/components/messages/{each}"} for each in names},
                "bindings": {"kafka": _topic(channel)},
            }
        },
        "operations": {
            "tell": {
                "action": "send",
                "channel": {"$ref": "#/channels/events"},
                "summary": "按位置次序发布，每条一次 (in order of position, each once)",
                "messages": [{"$ref": f"#/channels/events/messages/{each}"} for each in names],
            }
        },
        "components": {
            "messages": {message.__name__: _message(channel, message) for message in messages},
            "schemas": _schemas(channel, messages),
        },
    }


def _topic(channel: Channel) -> dict[str, Any]:
    return {
        "topic": channel.topic,
        "partitions": PARTITIONS,
        "topicConfiguration": {
            name: value.split(",") if name == "cleanup.policy" else int(value)
            for name, value in channel.configuration.items()
        },
        "bindingVersion": _KAFKA_BINDING,
    }


def _message(channel: Channel, message: type[BaseModel]) -> dict[str, Any]:
    key = message.model_json_schema()["properties"][channel.key_fields[message]]
    return {
        "name": name_of(message),
        "title": (message.__doc__ or "").splitlines()[0],
        "contentType": CONTENT_TYPE,
        "payload": {"$ref": f"{_SCHEMAS}{_enveloped(message)}"},
        "bindings": {"kafka": {"key": {"type": key["type"]}, "bindingVersion": _KAFKA_BINDING}},
    }


def _schemas(channel: Channel, messages: list[type[BaseModel]]) -> dict[str, Any]:
    """The schemas of the events, of all that they consist of, and of each in its envelope."""
    found: dict[str, Any] = {}
    for message in messages:
        data = message.model_json_schema(ref_template=_SCHEMAS + "{model}")
        found |= data.pop("$defs", {})
        found[message.__name__] = data
        envelope = channel.envelope.model_json_schema(ref_template=_SCHEMAS + "{model}")
        said = {
            **envelope["properties"],
            "type": {"const": name_of(message)},
            "source": {"type": "string", "format": "uri-reference"},
            "dataschema": {"const": data_schema_of(message)},
            "data": {"$ref": f"{_SCHEMAS}{message.__name__}"},
        }
        found[_enveloped(message)] = {
            "type": "object",
            "required": envelope["required"],
            "properties": said,
        }
    return found


def _enveloped(message: type[BaseModel]) -> str:
    return f"{message.__name__}InEnvelope"
