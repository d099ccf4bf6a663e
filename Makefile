# Each command sets up what it needs the first time; later runs start at once and need no network.

SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
APT := $(shell [ "$$(id -u)" = 0 ] || echo sudo) env DEBIAN_FRONTEND=noninteractive apt-get

# The stamps carry a checksum of the requirements: a change to them installs again, a new clone's file dates do not.
checksum = $(shell cat $(1) | cksum | cut -d' ' -f1)
APP_STAMP := $(VENV)/app-$(call checksum,requirements.txt)
DEV_STAMP := $(VENV)/dev-$(call checksum,requirements.txt requirements-dev.txt)
BENCH_STAMP := $(VENV)/bench-$(call checksum,requirements.txt benchmarks/requirements.txt)

.PHONY: help run test format bench clean chromium programs

help:  ## list these commands
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1: \2/p' Makefile

run: $(APP_STAMP)  ## start the app; PORT=8000 make run takes another port
	@$(BIN)/python app.py

test: $(DEV_STAMP) chromium programs  ## check style and types, run all tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile

format: $(DEV_STAMP)  ## put all code into the house style
	$(BIN)/ruff check --fix --exit-zero --quiet .
	$(BIN)/ruff format .

bench: $(BENCH_STAMP)  ## measure speed and memory
	$(BIN)/python -m benchmarks.text
	$(BIN)/python -m benchmarks.faces
	$(BIN)/python -m benchmarks.music
	$(BIN)/python -m benchmarks.genres
	$(BIN)/python -m benchmarks.marks
	$(BIN)/python -m benchmarks.page
	$(BIN)/python -m benchmarks.room
	$(BIN)/python -m benchmarks.watching
	$(BIN)/python -m benchmarks.overhead
	$(BIN)/python -m benchmarks.first_look

clean:  ## remove the environment and all caches; runs and data stay
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .gradio
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo 'Python 3.11 or newer is needed. To choose one: make run PYTHON=python3.12'; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { $(APT) update && $(APT) install -y python3-venv; } \
		|| { echo 'Python cannot make environments here. As administrator: apt-get install python3-venv'; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(APP_STAMP): | $(BIN)/pip
	$(PIP) install -r requirements.txt
	@rm -f $(VENV)/app-* && touch $@

$(DEV_STAMP): | $(BIN)/pip
	$(PIP) install -r requirements-dev.txt
	@rm -f $(VENV)/app-* $(VENV)/dev-* && touch $@ $(APP_STAMP)

$(BENCH_STAMP): | $(BIN)/pip
	$(PIP) install -r benchmarks/requirements.txt
	@rm -f $(VENV)/app-* $(VENV)/bench-* && touch $@ $(APP_STAMP)

# The browser tests drive the system's browser; where there is no apt, playwright brings its own.
chromium:
	@command -v chromium chromium-browser google-chrome >/dev/null \
		|| if command -v apt-get >/dev/null; then $(APT) update && $(APT) install -y chromium fonts-noto-cjk; \
		else $(BIN)/python -m playwright install chromium; fi \
		|| { echo 'The browser tests need Chromium. As administrator: apt-get install chromium'; exit 1; }

# Programs that open what the app writes: a minute, 72 MB to fetch, 340 MB of disk. Tests skip what is missing, but not
# in CI.
programs:
	@for program in exiftool convert mscore3 lilypond midi2abc timidity fluidsynth; do \
		command -v $$program >/dev/null || missing=yes; done; \
	test -z "$$missing" || ! command -v apt-get >/dev/null || { $(APT) update && $(APT) install -y \
		--no-install-recommends libimage-exiftool-perl imagemagick \
		musescore3 lilypond abcmidi timidity fluidsynth; } \
		|| echo 'Tests that open our files in other programs are skipped: MuseScore and others could not be installed.'
