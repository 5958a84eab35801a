# One image for web, worker, beat and the migrations: docker-compose.yml says which command each runs.
FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app

COPY requirements.txt ./
RUN pip install --require-hashes --requirement requirements.txt

COPY manage.py ./
COPY agencies agencies
COPY rollout rollout
COPY static static
COPY templates templates
# The settings want every variable; collecting files asks none of them.
RUN DATABASE_URL=postgresql:///none REDIS_URL=redis://none EMAIL_URL=smtp://none SECRET_KEY=none COMMITMENT_KEY=none \
    python manage.py collectstatic --no-input

RUN useradd --system --uid 10001 --no-create-home puljeplan
USER puljeplan

EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import http.client as h; c = h.HTTPConnection('127.0.0.1', 8000, timeout=5); c.request('GET', '/healthz'); raise SystemExit(c.getresponse().status != 200)"]
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--no-ws", "--workers", "2", "--blocking-threads", "1", "rollout.wsgi:application"]
