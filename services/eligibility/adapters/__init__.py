"""How the ports are met (适配器): SQLite, encryption, CSV."""
