# Thin: every target is a line or two over the real commands.
# FOCUS_HOME says where sweeps live (default: runs/).

VENV := .venv
PY := $(VENV)/bin/python
INSTALLED := $(VENV)/.installed
SPACE ?= nfft_bins
WORKERS ?= 2
KILLS ?= 200

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

install: $(INSTALLED)  ## make .venv and install this project with the versions it was tested with

# Only when the dependencies change: a second `make` installs nothing.
$(INSTALLED): pyproject.toml constraints.txt
	@python=$$(./cluster/python.sh) && echo "Making $(VENV) with $$($$python --version)" && $$python -m venv $(VENV)
	@echo "Installing into $(VENV): a few minutes, once"
	@$(PY) -m pip install -qq --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@ && echo "Installed"

sweep: install  ## train the sweep (SPACE=nfft_bins) and write its report; again: go on, or just report
	$(PY) sweeps/launch.py --space $(SPACE)
	$(PY) analysis/report.py --sweep $(SPACE)
	@echo "Report:            $${FOCUS_HOME:-runs}/reports/$(SPACE)/index.html"
	@echo "Compare in MLflow: make ui SPACE=$(SPACE)"

report: install  ## write the report of the latest sweep
	$(PY) analysis/report.py

ui: install  ## open the MLflow UI on the comparison of a sweep's trials (SPACE=nfft_bins)
	$(PY) -m sweeps.ui --sweep $(SPACE)

test: install  ## the whole suite but its slow part
	OMP_NUM_THREADS=1 $(PY) -m pytest -m "not slow and not cluster and not gpu" -n $(WORKERS) --dist worksteal
	FOCUS_TEST_DEVICE=cpu $(PY) -m pytest -m gpu tests/gpu

# Ray's workers are polite (nice 15): beside another test they would hardly run.
test-slow: install  ## its slow part: faults and kills under Ray, real data; 40 minutes
	RAY_worker_niceness=0 $(PY) -m pytest -m "slow and not cluster and not gpu" --timeout 600 -n $(WORKERS) --dist worksteal

# One after another: each makes hosts, networks and a Slurm of its own on this machine.
cluster-test: install  ## real hosts over ssh, a real Slurm, an autoscaler (root, Debian); 20 minutes
	$(PY) -m pytest -m cluster --timeout 900 tests/cluster

gpu: install  ## on a GPU: the same numbers as on the CPU, certificates, memory
	@$(PY) -c 'import torch; assert torch.cuda.is_available()' 2>/dev/null || { \
	    echo "make gpu: torch finds no GPU here" >&2; exit 1; }
	$(PY) -m pytest -m gpu tests/gpu

lint: install  ## ruff and mypy
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

docs: install  ## the documentation as a site in build/docs, its reference written from the code
	$(PY) docs/write_reference.py
	$(PY) docs/readme_table.py
	NO_MKDOCS_2_WARNING=1 $(VENV)/bin/mkdocs build
	@echo "Documentation: build/docs/index.html; with its search: python -m http.server -d build/docs"

torture: install  ## kill what runs sweeps, and see that nothing is lost (KILLS=200 SEED= OUT=)
	$(PY) -m tests.torture --kills $(KILLS) $(if $(SEED),--seed $(SEED)) $(if $(OUT),--out $(OUT))

bench: install  ## milliseconds a training step, every variant side by side
	$(PY) benchmarks/train_step.py

audit-packages: install  ## ask for known weaknesses of the packages we pin; needs the network
	@$(VENV)/bin/pip-audit --strict --no-deps --disable-pip -r constraints.txt || { \
	    echo "make audit-packages: a weakness was found, or (see above) the service asked" \
	        "did not answer: then nothing is known" >&2; exit 1; }

clean:  ## remove .venv and caches; sweeps stay
	rm -rf $(VENV) *.egg-info .pytest_cache .mypy_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help install sweep report ui test test-slow cluster-test gpu lint docs torture bench audit-packages clean
