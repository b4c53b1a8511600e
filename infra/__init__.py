"""What the project is built, shipped and run with (基础设施)."""
