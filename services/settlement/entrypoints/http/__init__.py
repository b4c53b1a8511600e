"""HTTP (接口): translates messages into commands and results into messages, nothing more."""
