"""Running the whole production shape on one machine (整套运行): `make up`, `make down`."""
