# The page for a network of one's own: docker build -t annotator . && docker run -p 7860:7860 -v annotator:/data annotator
FROM python:3.12-slim AS build
WORKDIR /build
COPY . .
RUN pip install --no-cache-dir "hatchling>=1.27,<2" && python -m hatchling build -t wheel -d /wheel

FROM python:3.12-slim
COPY requirements.lock /tmp/requirements.lock
RUN pip install --no-cache-dir --require-hashes -r /tmp/requirements.lock
COPY --from=build /wheel /tmp/wheel
RUN pip install --no-cache-dir --no-deps /tmp/wheel/*.whl && rm -r /tmp/wheel /tmp/requirements.lock
# It writes below /data alone; the code belongs to root.
RUN useradd --uid 1000 --create-home annotator && install -d -o annotator -g annotator /data
USER annotator
WORKDIR /data
ENV ANNOTATOR_HOME=/data GRADIO_SERVER_NAME=0.0.0.0 PYTHONUNBUFFERED=1
VOLUME /data
EXPOSE 7860
# Where people sign in, an answer that says so is one too.
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s CMD ["python", "-c", "import http.client; asked = http.client.HTTPConnection('127.0.0.1', 7860, timeout=8); asked.request('GET', '/'); raise SystemExit(asked.getresponse().status >= 500)"]
CMD ["annotator", "serve", "--port", "7860"]
