# syntax=docker/dockerfile:1
# An audit of code that nobody has read: SECURITY.md says how it is run, without a network and with nothing to write to.
FROM python:3.13-slim
RUN --mount=type=bind,target=/src,rw pip install --no-cache-dir "/src[c,fast,onnx,report,scipy]"
ENV HOME=/tmp
USER nobody
WORKDIR /work
ENTRYPOINT ["extremum"]
CMD ["audit"]
