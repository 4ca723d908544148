-- Times are milliseconds since 1970-01-01 UTC, ids text, flags 0 or 1.

-- One row: how often a daemon has taken this store over.
CREATE TABLE daemon (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    epoch BIGINT NOT NULL
);
INSERT INTO daemon (one, epoch) VALUES (1, 0);

CREATE TABLE tokens (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    secret_sha256 TEXT NOT NULL UNIQUE,
    scopes TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    expires_ms BIGINT,
    revoked_ms BIGINT
);

-- What is named by its SHA-256; `contents` is null where it lies in the artifacts' folder.
CREATE TABLE blobs (
    sha256 TEXT PRIMARY KEY,
    size BIGINT NOT NULL,
    contents BLOB,
    touched_ms BIGINT NOT NULL
);

CREATE TABLE submissions (
    id TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    label TEXT,
    shared INTEGER NOT NULL,
    created_ms BIGINT NOT NULL,
    idempotency_key TEXT,
    body_sha256 TEXT,
    UNIQUE (owner, idempotency_key)
);

CREATE TABLE evaluations (
    id TEXT PRIMARY KEY,
    submission TEXT NOT NULL REFERENCES submissions (id) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    owner TEXT NOT NULL,
    shared INTEGER NOT NULL,
    problem TEXT NOT NULL REFERENCES blobs (sha256),
    problem_name TEXT NOT NULL,
    sample TEXT NOT NULL,
    candidate TEXT NOT NULL REFERENCES blobs (sha256),
    board TEXT NOT NULL,
    tier TEXT NOT NULL,
    options TEXT NOT NULL,
    priority BIGINT NOT NULL,
    deadline_ms BIGINT,
    created_ms BIGINT NOT NULL,
    not_before_ms BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'ended')),
    cancel_asked INTEGER NOT NULL,
    run TEXT,
    runs BIGINT NOT NULL,
    started_ms BIGINT,
    ended_ms BIGINT,
    ending TEXT,
    outcome TEXT,
    stage TEXT,
    reason TEXT,
    record TEXT REFERENCES blobs (sha256),
    UNIQUE (submission, position),
    CHECK ((state = 'ended') = (ending IS NOT NULL)),
    CHECK ((state = 'running') = (run IS NOT NULL))
);
CREATE INDEX evaluations_queue ON evaluations (state, priority, owner, id, not_before_ms);
CREATE INDEX evaluations_deadline ON evaluations (state, deadline_ms);
CREATE INDEX evaluations_verdict ON evaluations (state, ending, outcome, stage);
CREATE INDEX evaluations_owner ON evaluations (owner, id);
CREATE INDEX evaluations_ended ON evaluations (ended_ms);
CREATE INDEX evaluations_problem ON evaluations (problem);
CREATE INDEX evaluations_candidate ON evaluations (candidate);
CREATE INDEX evaluations_record ON evaluations (record);

CREATE TABLE runs (
    id TEXT PRIMARY KEY,
    evaluation TEXT NOT NULL REFERENCES evaluations (id) ON DELETE CASCADE,
    number BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    started_ms BIGINT NOT NULL,
    ended_ms BIGINT,
    ending TEXT,
    fault TEXT,
    UNIQUE (evaluation, number)
);

CREATE TABLE artifacts (
    evaluation TEXT NOT NULL REFERENCES evaluations (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    blob TEXT NOT NULL REFERENCES blobs (sha256),
    PRIMARY KEY (evaluation, name)
);
CREATE INDEX artifacts_blob ON artifacts (blob);

CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    submission TEXT NOT NULL REFERENCES submissions (id) ON DELETE CASCADE,
    evaluation TEXT NOT NULL REFERENCES evaluations (id) ON DELETE CASCADE,
    at_ms BIGINT NOT NULL,
    kind TEXT NOT NULL,
    data TEXT NOT NULL
);
CREATE INDEX events_evaluation ON events (evaluation, id);
CREATE INDEX events_submission ON events (submission, id);

CREATE TABLE boards (
    name TEXT PRIMARY KEY,
    generation BIGINT NOT NULL,
    faults BIGINT NOT NULL,
    quarantined_ms BIGINT,
    reason TEXT,
    tests BIGINT NOT NULL,
    next_test_ms BIGINT
);

CREATE TABLE leases (
    id TEXT PRIMARY KEY,
    board TEXT NOT NULL REFERENCES boards (name),
    generation BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    purpose TEXT NOT NULL,
    holder TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    expires_ms BIGINT NOT NULL,
    ended_ms BIGINT,
    ending TEXT,
    UNIQUE (board, generation)
);
CREATE INDEX leases_active ON leases (ended_ms, board);
