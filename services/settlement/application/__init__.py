"""Use cases (用例): one file each; they take plain commands and reach the world through ports."""
