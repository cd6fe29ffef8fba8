# Thin: every target is one or two commands; the logic is in sandbox/ and scripts/. `make help` lists the targets.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
MARKER := $(VENV)/.requirements
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
unexport PYTHONPATH PYTHONHOME
# Ansible runs in UTF-8 only.
ifneq (,$(filter C POSIX,$(or $(LC_ALL),$(LC_CTYPE),$(LANG),C)))
export LC_ALL := C.UTF-8
endif
PYTHON_IN_VENV := $(VENV)/bin/python
inventory ?= sandbox

## Two commands
demo: venv             ## from nothing: sandbox, platform, a second run that changes nothing, one closing screen
	@$(PYTHON_IN_VENV) -m sandbox demo
test: lint unit integration molecule  ## everything that CI runs

## Tests
lint: venv             ## every linter; each alone: scripts/lint.sh NAME
	@scripts/lint.sh
unit: venv             ## pure code, no sandbox
	@$(PYTHON_IN_VENV) -m pytest tests/unit $(arguments)
integration: tools     ## modules, playbooks and the sandbox itself, on sandboxes of their own
	@$(PYTHON_IN_VENV) -m pytest tests/integration --numprocesses 2 --dist loadfile $(arguments)
interruptions: tools   ## Control-C at 20 random moments of the site and of the demo (integration: at a few)
	@$(PYTHON_IN_VENV) -m pytest tests/integration/site/test_interrupt.py tests/integration/sandbox/test_demo_interrupted.py --moments 20 $(arguments)
molecule: tools        ## a scenario a role, on one sandbox of their own
	@scripts/molecule.sh $(arguments)
bench: tools           ## seconds, memory and AWS calls beside plain modules and bare boto3
	@$(PYTHON_IN_VENV) -m tests.bench $(arguments)

## The sandbox
sandbox-up: tools      ## start it; then: source .sandbox/env
	@$(PYTHON_IN_VENV) -m sandbox up
sandbox-down: venv     ## stop it, with every control plane
	@$(PYTHON_IN_VENV) -m sandbox down
sandbox-reset: venv    ## back to the empty account, without a restart
	@$(PYTHON_IN_VENV) -m sandbox reset
destroy: venv          ## take the platform of inventories/sandbox down again (arguments: platform=NAME)
	@$(PYTHON_IN_VENV) -m sandbox destroy $(platform)

## Set-up
setup:                 ## what the commands above need of Debian's or Ubuntu's packages, by apt-get (with sudo, unless root)
	@scripts/prerequisites.sh --install
venv: $(MARKER)        ## the virtual environment, from requirements.txt
$(MARKER): requirements.txt tests/npm/package-lock.json scripts/venv.sh scripts/find-python.sh
	@scripts/prerequisites.sh
	@scripts/venv.sh requirements.txt $@
tools: venv            ## the sandbox's programs, built once for every checkout of the same lock
	@$(PYTHON_IN_VENV) -m sandbox tools
requirements: venv     ## lock requirements.in and tools/go.in again
	@scripts/requirements.sh $(arguments)
clean: sandbox-down    ## stop the sandbox; remove the virtual environment, caches and state of this checkout
	@rm -rf .venv .ansible .sandbox .pytest_cache .mypy_cache .ruff_cache .hypothesis tests/npm/node_modules build dist
help:                  ## this list
	@awk -F ':.*## ' '/^## / {printf "\n%s\n", substr($$0, 4)} /^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo test lint unit integration interruptions molecule bench sandbox-up sandbox-down sandbox-reset destroy setup venv tools requirements clean help
