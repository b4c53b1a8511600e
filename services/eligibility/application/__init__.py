"""What eligibility can be asked to do (用例), one use case a file, and the ports they need."""
