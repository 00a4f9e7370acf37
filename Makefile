# Everything this project does, by name. `make` lists it.
SHELL := /bin/sh
PYTHON ?= python3
COLLECTION := .cache/collections/ansible_collections/omnimind/platform
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export ANSIBLE_CONFIG := $(CURDIR)/ansible.cfg

.DEFAULT_GOAL := help
.PHONY: help demo demo-down test test-all lint unit backend integration molecule drill guides docs readmes dashboards build release ee lock bench clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | awk -F '\t' '{ printf "make %-12s %s\n", $$1, $$2 }'

demo: .venv/.runtime $(COLLECTION) ## the whole site on this machine
	@ansible-playbook -i inventories/local playbooks/site.yml $(BECOME)

demo-down: .venv/.runtime $(COLLECTION) ## take the site off this machine again
	@ansible-playbook -i inventories/local playbooks/teardown.yml $(BECOME)
	@rm -rf inventories/local/.secrets

test: ready-to-test ## every test there is, with one summary
	@pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

test-all: test ## and all of it that knows Ansible again, by each version of ansible-core and Python at hand
	@pytest tests/matrix

lint: ready-to-test ## ansible-lint, ansible-test sanity, galaxy-importer and the like
	@pytest tests/quality

unit: ready-to-test ## the pure core, in seconds
	@pytest tests/unit

backend: ready-to-test ## the backend alone, and its Redis
	@pytest files/backend/tests

integration: ready-to-test ## real servers on loopback
	@pytest tests/integration

molecule: ready-to-test ## Debian hosts under systemd, in containers
	@pytest tests/molecule

drill: ready-to-test ## every playbook killed ten times and run again, under writers (an hour)
	@pytest tests/day_two/test_killed.py tests/day_two/drill.py --kills 10

guides: ready-to-test ## every command of every guide, on hosts as the guides have them
	@pytest tests/guides/played.py tests/guides/demo.py

docs: readmes $(COLLECTION) ## the manual, to docs/_build/html
	@ANSIBLE_COLLECTIONS_PATH=$(CURDIR)/.cache/collections docs/build docs/_build
	@echo docs/_build/html/index.html

readmes: .venv/.tests ## each role's README, from its own documentation
	@docs/role_readmes

dashboards: .venv/.tests ## roles/monitoring/files/dashboards/*.json, from tools/dashboards
	@python -m tools.dashboards

build: .venv/.runtime ## the tarball that ansible-galaxy installs, to dist/
	@ansible-galaxy collection build --force --output-path dist

release: .venv/.tests ## [VERSION=1.2.3] [KEY=...] changelog, tarball and signature, all checked; docs/releasing.md
	@.ci/need git gnupg
	@python -m tools.release $(VERSION) $(if $(KEY),--key '$(KEY)')

ee: ready-to-test ## the execution environment for AWX, of BASE_IMAGE or of Debian packages, called NAME
	@PYTHONPATH=.cache/collections python -m tools.execution_environment --base '$(BASE_IMAGE)' --name '$(NAME)'

lock: .venv/.tests ## what the backend depends on, as resolved now, to files/backend/requirements.txt
	@mkdir -p .cache && grep --no-filename == requirements.txt requirements-test.txt > .cache/pins
	@cd files/backend && uv pip compile --quiet --upgrade --generate-hashes --no-emit-index-url --no-annotate \
	    --custom-compile-command 'make lock' --python-version 3.11 --constraint ../../.cache/pins \
	    --output-file requirements.txt pyproject.toml

bench: ready-to-test ## the figures of the manual, beside their peers
	@benchmarks/run

clean: ## remove what make made
	rm -rf .venv .cache .ansible collections/ansible_collections dist docs/_build tests/output

# Asked for only where sudo would ask.
BECOME = $(shell [ "$$(id -u)" = 0 ] || sudo -n true 2>/dev/null || echo --ask-become-pass)

.PHONY: ready-to-test
ready-to-test: .venv/.tests $(COLLECTION)
	@.ci/need git shellcheck

# A stamp is younger than the pins it stands for: the second time costs nothing.
.venv/.tests: requirements-test.txt files/backend/requirements.txt .venv/.runtime
	.venv/bin/pip install --quiet --requirement $<
	.venv/bin/pip install --quiet --require-hashes --requirement files/backend/requirements.txt
	@touch $@

.venv/.runtime: requirements.txt | .venv/bin/pip
	.venv/bin/pip install --quiet --requirement $<
	@touch $@

.venv/bin/pip:
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || .ci/need python3-venv
	$(PYTHON) -m venv .venv

# The working tree under the name it is called by. Relative, so that the tree can be moved.
$(COLLECTION):
	@mkdir -p $(@D)
	@ln -sfn ../../../.. $@
