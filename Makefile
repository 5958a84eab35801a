# The two commands: `make demo` runs Puljeplan on this machine, `make test` runs every test. See docs/operations.md.
.PHONY: demo demo-reset test bench bench-commit bench-mail bench-compose calibrate chaos lint format lock

PYTHON := .venv/bin/python
# Where Python is told to keep no bytecode, every runner and every process a test starts would compile all it imports.
unexport PYTHONDONTWRITEBYTECODE

demo:
	@scripts/bootstrap && exec $(PYTHON) -m rollout.demo

demo-reset:
	@scripts/bootstrap && exec $(PYTHON) -m rollout.demo reset

# Two runners, each with a database of its own. The races fork, which a runner's threads would disturb, and the browser
# keeps an event loop (tests/conftest.py): both have a run of their own. With ARGS one plain pytest:
# make test ARGS="tests/test_demo.py -x"
RUNNERS := --numprocesses 2 --dist loadfile
test:
	@scripts/bootstrap dev
	@scripts/chromium
ifdef ARGS
	@exec $(PYTHON) -m pytest $(ARGS)
else
	$(PYTHON) -m pytest $(RUNNERS) -m "not race and not browser"
	$(PYTHON) -m pytest -m race
	$(PYTHON) -m pytest $(RUNNERS) -m browser
endif

# One JSON object: what the pages cost. Takes some minutes; nothing else should run on the machine meanwhile.
bench:
	@scripts/bootstrap dev
	@exec $(PYTHON) -m tests.bench

# One JSON object: what it takes when 41 000 employees commit on one morning. N is how many, SECONDS how long at most.
N := 41000
SECONDS := 3600
bench-commit:
	@scripts/bootstrap dev
	@exec $(PYTHON) -W ignore -m tests.bench.commit $(N) $(SECONDS)

# One JSON object: how many messages a second are delivered, beside smtplib alone and Django's own way.
# Fewer: make bench-mail ARGS="5000 2" (messages, workers).
bench-mail:
	@scripts/bootstrap dev
	@exec $(PYTHON) -W ignore -m tests.bench.mail $(ARGS)

# How often the forecast's quantiles hold over a thousand simulated rollouts of each kind: a table, then one JSON object.
# Some minutes. Fewer: make calibrate ARGS="200 300" (rollouts, futures of each forecast).
calibrate:
	@scripts/bootstrap dev
	@exec $(PYTHON) -W ignore -m tests.calibrate $(ARGS)

# One JSON object: how long the composer takes, and to what gap.
bench-compose:
	@scripts/bootstrap dev
	@exec $(PYTHON) -W ignore -m tests.bench.composer

# 5 000 messages while everything goes wrong, then workers killed at each named point. Some minutes; ends by itself.
# Fewer: make chaos ARGS="500 5" (messages, cuts at each point).
chaos:
	@scripts/bootstrap dev
	@exec $(PYTHON) -W ignore -m tests.chaos $(ARGS)

# The settings are read, but no server is asked: any address will do.
lint: export DATABASE_URL = postgresql:///lint
lint: export REDIS_URL = redis://127.0.0.1:1
lint: export EMAIL_URL = smtp://127.0.0.1:1
lint: export SECRET_KEY = lint
lint: export COMMITMENT_KEY = lint
lint:
	@scripts/bootstrap dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	$(PYTHON) -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run

format:
	@scripts/bootstrap dev
	.venv/bin/ruff check --fix-only .
	.venv/bin/ruff format .

# No addresses in the lock: which registry it came from is each machine's own business.
lock: LOCK = scripts/bootstrap uv pip compile --quiet --generate-hashes --no-header --no-annotate --universal \
	--python-version 3.13
lock:
	$(LOCK) pyproject.toml -o requirements.txt
	$(LOCK) pyproject.toml --group dev -c requirements.txt -o requirements-dev.txt
