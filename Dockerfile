# The image of every part of Quotewire: which part a container runs is its command (`quotewire run enrich`).

FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PYTHONDONTWRITEBYTECODE=1
WORKDIR /build
RUN python -m venv /opt/quotewire
# The libraries first: they change seldom, so that their layer is built seldom.
COPY requirements/runtime.lock requirements/runtime.lock
RUN /opt/quotewire/bin/python -m pip install --require-hashes --requirement requirements/runtime.lock
COPY pyproject.toml README.md LICENSE ./
COPY seeds seeds
COPY deploy/kibana/quotewire.ndjson deploy/kibana/quotewire.ndjson
COPY schemas schemas
COPY producers producers
COPY consumers consumers
COPY quotewire quotewire
# What only builds and tests need stays behind; modules are compiled now, since the running user cannot write them.
RUN /opt/quotewire/bin/python -m pip install --no-deps --no-build-isolation . \
 && /opt/quotewire/bin/python -m pip uninstall --yes hatchling editables pip setuptools \
 && find /opt/quotewire -type d -name tests -path '*/site-packages/*' -prune -exec rm -rf {} + \
 && python -m compileall -q /opt/quotewire

FROM python:3.11-slim-bookworm
RUN groupadd --gid 10001 quotewire \
 && useradd --uid 10001 --gid quotewire --no-create-home --home-dir /var/lib/quotewire --shell /usr/sbin/nologin quotewire \
 && install --directory --owner quotewire --group quotewire --mode 0750 /var/lib/quotewire
COPY --from=build /opt/quotewire /opt/quotewire
ENV PATH=/opt/quotewire/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    QUOTEWIRE_DATA=/var/lib/quotewire
USER 10001:10001
WORKDIR /var/lib/quotewire
# The page; metrics and health; what hubs push.
EXPOSE 8765 8767 8768
HEALTHCHECK --interval=20s --timeout=20s --start-period=120s --retries=5 CMD ["python", "-m", "quotewire.readiness"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["quotewire"]
CMD ["run"]
