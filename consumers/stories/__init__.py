"""Stories: articles of whatever outlet that report the same event.

An article is compared by a fingerprint (`fingerprint`) with those of the last days (`window`); how alike two of them
must be is decided in `likeness`. Nothing here reads a stream or a clock: the same articles in the same order always
make the same stories.
"""
