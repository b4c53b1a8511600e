"""The arithmetic (算法内核): one function per policy structure, for one bill and for millions."""
