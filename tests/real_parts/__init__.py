"""The real things that tests run against (真实组件): started by the tests themselves."""
