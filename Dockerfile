# One image for web, worker and beat; compose.yaml shows how they run together.
FROM node:22-slim AS libraries
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev

FROM python:3.13-slim
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 VAR_DIR=/data
WORKDIR /app
COPY requirements.txt ./
RUN pip install --no-cache-dir --require-hashes -r requirements.txt
COPY --from=libraries /app/node_modules ./node_modules
COPY . .
RUN python -m scripts.translations compile \
    && useradd --system --uid 10001 mailroom \
    && install -d -o mailroom /data
USER mailroom
VOLUME /data
EXPOSE 8000
CMD ["gunicorn", "config.wsgi", "--bind", "0.0.0.0:8000"]
