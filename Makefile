# make demo   from a bare machine to the demonstration
# make test   every test
# make lint   format, clippy, licences and dependencies
# make bench  the comparisons, each a ratio in one run

.PHONY: demo test lint bench
demo test lint bench:
	@scripts/$@
