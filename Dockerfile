# Three stages: the banner, the service, and what runs. Their steps are commands of the Makefile,
# the same that developers and continuous integration run.

FROM node:22-bookworm AS banner
WORKDIR /build
COPY Makefile ./
COPY .ci .ci
COPY widget widget
COPY consent_service/built consent_service/built
# Its size is measured with texts in it.
COPY consent_service/locales consent_service/locales
# Fails where the committed banner is not what the source builds.
RUN make banner

FROM python:3.13-bookworm AS service
WORKDIR /build
COPY Makefile pyproject.toml README.md LICENSE ./
COPY .ci .ci
COPY consent_service consent_service
# The same bytes as are there; it is what makes this stage wait for the check above.
COPY --from=banner /build/consent_service/built consent_service/built
# `--build-arg EXTRAS=render`: with what takes screenshots. The Makefile reads it.
ARG EXTRAS=""
RUN make installed DIR=/opt/consent-service
# A new volume takes its owner from the image.
RUN install -d -m 0700 -o 10001 -g 10001 /data

FROM python:3.13-slim-bookworm
ARG EXTRAS=""
# The browser, letters for the languages that banners are written in, and what drives it needs.
RUN if [ "$EXTRAS" = render ]; then \
        apt-get update \
        && apt-get install --yes --no-install-recommends \
            chromium fonts-noto-core fonts-noto-cjk libatomic1 libstdc++6 \
        && rm -rf /var/lib/apt/lists/*; \
    fi
COPY --from=service /opt/consent-service /opt/consent-service
COPY --from=service --chown=10001:10001 /data /data
ENV PATH=/opt/consent-service/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    CONSENT_HOST=0.0.0.0 \
    CONSENT_DATABASE=sqlite:////data/consent.db \
    CONSENT_KEYS=/data/keys
# The one place that is written to: the rest of the file system may be read-only.
VOLUME /data
WORKDIR /data
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as web; web.urlopen(f'http://127.0.0.1:{os.environ.get(\"CONSENT_PORT\", 8000)}/healthz', timeout=4)"]
# No shell in between: signals reach the service, and it ends in good order.
STOPSIGNAL SIGTERM
ENTRYPOINT ["consent-service"]
CMD ["serve"]
