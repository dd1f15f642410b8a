# Every target sets up what it needs: a venv under .venv/, tools from PyPI, AWS-LC in a cache folder.
# Needed beforehand: Python >= 3.11, gcc and g++, make.
#
#   PYTHON=python3.13     the interpreter to build and run with
#   LIBCRYPTO=openssl     the system's OpenSSL >= 3.0, or the path of a prefix, instead of AWS-LC
#   PYTEST_ARGS="-k name" more arguments for the tests
#   PYTHONS="3.12 3.14t"  what wheels-local builds for: versions, or paths; all on the PATH and in ~/.pyenv by default
#   ROOT=/srv/arm64       where test-aarch64 runs; docs/wheels.md tells how to make it
#   LEAK_CALLS=1000000    how many calls the leak check makes, of all kinds together; ten million by default
#   BENCH_ARGS="--only '*ES256*'" more arguments for the measurements; OLD= and NEW= are what bench-compare compares
#   LEAST_GAIN=1.7        how many times as much two threads must do as one, in free-threaded
#   FUZZ_SECONDS=600      how long the fuzzers run, all targets together

PYTHON ?= python3
LIBCRYPTO ?= $(or $(CYJWT_LIBCRYPTO),aws-lc)
LEAK_CALLS ?= 10000000
FUZZ_SECONDS ?= 600
LEAST_GAIN ?= 1.7
PYTEST_ARGS ?=

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:
SHELL := /bin/sh

# One venv and one set of build outputs for each interpreter and libcrypto, so that neither is mistaken for another.
ifneq ($(filter-out help clean,$(MAKECMDGOALS)),)
  PYTHON_TAG := $(shell $(PYTHON) -c 'import sys; v = sys.version_info; \
    print("%s%d.%d.%d%s" % (sys.implementation.name, *v[:3], getattr(sys, "abiflags", "")) if v >= (3, 11) else "")' 2>/dev/null)
  ifeq ($(PYTHON_TAG),)
    $(error PYTHON=$(PYTHON) is no working Python 3.11 or later)
  endif
endif
ifneq ($(filter aws-lc openssl,$(LIBCRYPTO)),)
  VARIANT := $(PYTHON_TAG)-$(LIBCRYPTO)
else
  VARIANT := $(PYTHON_TAG)-prefix-$(firstword $(shell printf %s '$(abspath $(LIBCRYPTO))' | cksum))
endif

VENV := .venv/$(VARIANT)
OUT := build/$(VARIANT)
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --quiet
SOURCES := pyproject.toml setup.py MANIFEST.in LICENSE $(wildcard README.md LICENSES/*) \
  $(shell find src -type f \( -name '*.py' -o -name '*.py[ix]' -o -name '*.pxd' -o -name '*.h' -o -name py.typed \))

.PHONY: help
help:  ## list the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/make \1|\2/p' $(firstword $(MAKEFILE_LIST)) | awk -F'|' '{ printf "  %-23s %s\n", $$1, $$2 }'
	@sed -n 's/^#   \([A-Z_]*=.*\)/  \1/p' $(firstword $(MAKEFILE_LIST))

.PHONY: demo
demo: $(VENV)/installed  ## see the engine at work
	$(PY) tools/demo.py

.PHONY: test
test: $(VENV)/installed $(VENV)/group-test  ## run the whole test suite, and every docstring's example, against the installed wheel
	CYJWT_BENCH_LIBCRYPTO="$$(tail -n 1 $(OUT)/libcrypto)" $(PY) -m pytest $(PYTEST_ARGS)
ifeq ($(PYTEST_ARGS),)
	$(PY) -m pytest --doctest-modules --pyargs cyjwt
endif

.PHONY: auth-server app-server
auth-server: $(VENV)/installed $(VENV)/group-examples  ## the authentication server of examples/, at http://127.0.0.1:8000
	$(PY) -m examples.auth_server
app-server: $(VENV)/installed $(VENV)/group-examples  ## the application server of examples/, at http://127.0.0.1:8001
	$(PY) -m examples.app_server

# `make test` would want wheels that there are not for each of these interpreters: here cryptography may be missing too.
.PHONY: free-threaded threaded-python
threaded-python:
	@case '$(PYTHON_TAG)' in *t) ;; *) \
	  echo "PYTHON=$(PYTHON) has a GIL: name a free-threaded one, such as PYTHON=python3.14t" >&2; exit 1;; esac

free-threaded: threaded-python $(OUT)/wheel $(VENV)/group-threads  ## run the thread tests without the GIL, and measure what two threads gain: PYTHON=python3.14t
	$(PIP) install --only-binary :all: --force-reinstall $(OUT)/dist/*.whl || { \
	  echo "no wheel of cryptography for $(PYTHON_TAG): the tests that need it are left out"; \
	  $(PIP) install --force-reinstall --no-deps $(OUT)/dist/*.whl; }
	$(PY) -m pytest tests/threads $$($(PY) -c 'import cryptography' 2>/dev/null && echo tests/concurrency) $(PYTEST_ARGS)
	$(PY) tools/free_threading.py --least $(LEAST_GAIN)

.PHONY: spark
spark: $(VENV)/installed $(VENV)/group-test $(VENV)/group-spark  ## test cyjwt.spark: installs pyspark (500 MB), needs Java >= 17
	$(PY) -m pytest -k spark tests/columns tests/docs $(PYTEST_ARGS)

.PHONY: suites
suites: $(VENV)/installed $(VENV)/group-test $(VENV)/group-suites  ## run the suites of PyJWT, flask-jwt-extended and simplejwt with cyjwt.jwt
	$(PY) -m tests.interop.suites
	$(PY) -m pytest tests/interop/test_suites.py $(PYTEST_ARGS)

MEASURE = CYJWT_BENCH_LIBCRYPTO="$$(tail -n 1 $(OUT)/libcrypto)" $(PY) -m bench --peers

.PHONY: bench bench-quick bench-compare bench-instructions bench-node
bench: $(VENV)/installed $(VENV)/group-bench $(VENV)/peers  ## measure everything, and report it in docs/benchmarks: half an hour
	$(MEASURE) --report docs/benchmarks $(BENCH_ARGS)
bench-quick: $(VENV)/installed $(VENV)/group-bench $(VENV)/peers  ## measure what the README shows: within five minutes
	$(MEASURE) --quick $(BENCH_ARGS)
bench-compare: $(VENV)/group-bench  ## fail where cyjwt is slower in NEW= than in OLD=, two files of results
	$(PY) -m bench.regressions $(BENCH_ARGS) '$(OLD)' '$(NEW)'
bench-instructions: $(VENV)/installed  ## count the instructions of the hot path, and compare them: needs valgrind
	$(PY) -m bench.instructions $(BENCH_ARGS)
bench-node: $(VENV)/installed  ## fetch the libraries for Node.js that are measured, which the other targets do by themselves
	$(PY) -m bench.node

.PHONY: docs
docs: $(VENV)/installed $(VENV)/group-test $(VENV)/group-docs  ## build the site into build/docs, any warning is an error; run the examples of its recipes
	$(PY) -m sphinx --quiet --fail-on-warning --keep-going --fresh-env --builder html --conf-dir docs . build/docs
	$(PY) -m pytest tests/docs $(PYTEST_ARGS)

.PHONY: leak
leak: $(VENV)/installed $(VENV)/group-test  ## look for memory growth over LEAK_CALLS calls
	CYJWT_LEAK_CALLS=$(LEAK_CALLS) $(PY) -m pytest -m leak tests/leak $(PYTEST_ARGS)

# Builds that watch themselves lie in folders of their own; nothing of them is installed.
SANITIZE = CYJWT_LIBCRYPTO="$(if $(filter aws-lc,$(LIBCRYPTO)),$$($(PY) tools/build_aws_lc.py),$(LIBCRYPTO))" \
  $(PY) tools/sanitize.py
KERNEL_TESTS := $(addprefix tests/unit/test_,base64url.py claims.py compact.py header.py jsonscan.py jsonscan_known.py \
  jsontext.py jsontext_shapes.py jsontext_values.py jsonwrite.py jsonwrite_refusals.py)
# A sanitizer or an emulator takes time, keeps what was freed, and is imported as well: what measures those is not run
# under one. Nor is what recurs until Python calls a halt, for the stack ends sooner where each call takes more of it.
UNMEASURED := not bounded_time and not linear_time and not does_not_grow \
  and not test_cli_memory and not test_import and not calls_the_writer_for_ever
THREAD_TESTS := tests/concurrency tests/batch/test_batch_threads.py tests/batch/test_live_keys_threads.py \
  $(addprefix tests/unit/test_,caches.py caches_held.py memo.py memo_bounds.py token_cache.py verifier_shared.py)
# ThreadSanitizer's runtime ends a child that a process with threads has forked as soon as it starts a thread, and would see
# nothing in there either way. These three tests are about such threads, and left out of `tsan` for that.
THREADS_AFTER_FORK := tests/concurrency/test_async_loops.py::test_fork_after_use \
  tests/concurrency/test_async_live_keys.py::test_a_forked_process_asks_for_itself \
  tests/batch/test_batch_threads.py::test_fork_after_use_and_meanwhile

.PHONY: asan
asan: $(VENV)/build-tools $(VENV)/group-test  ## the tests under AddressSanitizer and UndefinedBehaviorSanitizer
	$(SANITIZE) asan python -m pytest -p no:cacheprovider -k '$(UNMEASURED)' $(PYTEST_ARGS)

.PHONY: valgrind
valgrind: $(VENV)/build-tools $(VENV)/group-test  ## the unit tests of the kernels under valgrind
	$(SANITIZE) valgrind python -m pytest -p no:cacheprovider $(KERNEL_TESTS) $(PYTEST_ARGS)

.PHONY: tsan
tsan: $(VENV)/build-tools $(VENV)/group-test  ## the tests of batches, caches and threads under ThreadSanitizer
	$(SANITIZE) tsan python -m pytest -p no:cacheprovider -k '$(UNMEASURED)' $(THREAD_TESTS) \
	  $(addprefix --deselect=,$(THREADS_AFTER_FORK)) $(PYTEST_ARGS)

.PHONY: fuzz
fuzz: $(VENV)/build-tools $(VENV)/group-fuzz  ## fuzz every entry point for FUZZ_SECONDS, guided by the compiled code's edges
	$(SANITIZE) fuzz python -m fuzz $(FUZZ_SECONDS)

.PHONY: lint
lint: $(VENV)/installed $(VENV)/group-lint  ## ruff, mypy --strict, cython-lint
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	PATH="$(CURDIR)/$(VENV)/bin:$$PATH" cython-lint src/cyjwt

.PHONY: format
format: $(VENV)/group-lint  ## rewrite the Python sources as ruff formats them
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

.PHONY: wheel
wheel: $(OUT)/wheel  ## build a wheel into dist/
	@mkdir -p dist
	cp $(OUT)/dist/*.whl dist/
	@ls dist/*.whl

.PHONY: wheels-local
wheels-local: $(VENV)/build-tools $(VENV)/group-wheels  ## build, repair, install and test a wheel for each of PYTHONS, from the sdist
	$(PY) tools/wheels_local.py $(PYTHONS)

.PHONY: test-aarch64
test-aarch64: $(VENV)/build-tools  ## compile for aarch64, and run the tests under qemu in the Debian root ROOT
	$(PY) tools/emulated.py '$(ROOT)' '$(LIBCRYPTO)' -k '$(UNMEASURED) and not within_a_second' $(PYTEST_ARGS)

.PHONY: clean
clean:  ## remove the venvs and everything built; the cache of AWS-LC stays
	rm -rf .venv build dist src/*.egg-info
	find src \( -name '*.so' -o -name __pycache__ \) -prune -exec rm -rf {} +

# A venv without pip of its own still gets one where the interpreter brings pip.
$(VENV)/created:
	$(PYTHON) -m venv --clear $(VENV) || { $(PYTHON) -m venv --clear --without-pip $(VENV) && \
	  $(PYTHON) -m pip --python $(PY) install --quiet pip; }
	$(PIP) install --upgrade 'pip>=25.1'
	@touch $@

# A group of pyproject.toml's [dependency-groups].
$(VENV)/group-%: pyproject.toml $(VENV)/created
	$(PIP) install --group $*
	@touch $@

# The libraries to measure against. One that cannot be had here is left out of the figures, and they say so.
$(VENV)/peers: pyproject.toml $(VENV)/created
	$(PIP) install --group peers || $(PY) -c 'import tomllib; groups = tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"]; \
	  print(*(name for group in ("interop", "peers") for name in groups[group] if isinstance(name, str)), sep="\n")' \
	  | while IFS= read -r name; do $(PIP) install "$$name" || echo "left out: $$name" >&2; done
	@touch $@

# What [build-system] requires; cmake and ninja only where the machine has none and AWS-LC is to be built.
$(VENV)/build-tools: pyproject.toml tools/build_backend.py $(VENV)/created
	$(PY) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")' > $@.txt
	$(PIP) install --requirement $@.txt
	$(PY) tools/build_backend.py > $@.txt
	$(PIP) install --requirement $@.txt
ifeq ($(LIBCRYPTO),aws-lc)
	cmake --version >/dev/null 2>&1 || $(PIP) install cmake ninja
endif
	@touch $@

$(OUT)/wheel: $(SOURCES) $(addprefix tools/,build_aws_lc.py build_backend.py check_wheel.py sbom.py) $(VENV)/build-tools
	@rm -rf $(OUT)/dist && mkdir -p $(OUT)
	@# A module that was since renamed must not come back from an earlier build.
	@find build -path '*/lib.*/cyjwt/*' -type f ! -name '*.so' -exec rm -f {} +
ifeq ($(LIBCRYPTO),aws-lc)
	$(PY) tools/build_aws_lc.py > $(OUT)/libcrypto
else
	@printf '%s\n' '$(LIBCRYPTO)' > $(OUT)/libcrypto
endif
	CYJWT_LIBCRYPTO="$$(tail -n 1 $(OUT)/libcrypto)" $(PIP) wheel --no-build-isolation --no-deps --wheel-dir $(OUT)/dist .
	$(PY) tools/check_wheel.py $(OUT)/dist/*.whl
	@touch $@

$(VENV)/installed: $(OUT)/wheel
	$(PIP) uninstall --yes cyjwt 2>/dev/null
	$(PIP) install "$$(echo $(OUT)/dist/*.whl)[cli]"
	@touch $@
