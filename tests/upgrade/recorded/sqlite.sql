PRAGMA application_id=2038988054;
PRAGMA user_version=4;
BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0007');
CREATE TABLE audit_events (
	event_id TEXT NOT NULL, 
	at DOUBLE NOT NULL, 
	name TEXT NOT NULL, 
	request_id TEXT NOT NULL, 
	address TEXT NOT NULL, 
	session_id BLOB, 
	subject TEXT, 
	client_id TEXT, 
	details TEXT NOT NULL, 
	PRIMARY KEY (event_id)
);
INSERT INTO "audit_events" VALUES('01a21eefbe823acdde6fc3f66239ca95',1.79581535808281707766e+09,'user_created','','',NULL,'1HShyjwnnWA28ACMDqyl0A',NULL,'{"by": null}');
INSERT INTO "audit_events" VALUES('01a21eefbee2494c763703069de2d99c',1.79581535817832136153e+09,'login_succeeded','ec5404333824f277','127.0.0.1',X'555962846E03D68BBF18923A4BDBBC54','1HShyjwnnWA28ACMDqyl0A','first-party','{}');
INSERT INTO "audit_events" VALUES('01a21eefbf0e4dfeed6caf9c276e4597',1.79581535822213840484e+09,'login_succeeded','642b233913a53894','127.0.0.1',X'58CC72DFB19977C3D908E976D995F0D1','1HShyjwnnWA28ACMDqyl0A','first-party','{}');
INSERT INTO "audit_events" VALUES('01a21eefbf19cfe63b6408666046f9df',1.79581535823322582245e+09,'token_refreshed','fadd3d9fb93ff9f7','127.0.0.1',X'555962846E03D68BBF18923A4BDBBC54','1HShyjwnnWA28ACMDqyl0A','first-party','{"generation": 1}');
INSERT INTO "audit_events" VALUES('01a21eefbf26b8b0e5a94830bbecd780',1.79581535824635076525e+09,'token_refreshed','53767dc4ecb3da2c','127.0.0.1',X'58CC72DFB19977C3D908E976D995F0D1','1HShyjwnnWA28ACMDqyl0A','first-party','{"generation": 1}');
INSERT INTO "audit_events" VALUES('01a21eefbf33c0efcb0518ca86e4e85e',1.79581535825986647603e+09,'session_was_revoked','ee81e620503320eb','127.0.0.1',X'58CC72DFB19977C3D908E976D995F0D1','1HShyjwnnWA28ACMDqyl0A','first-party','{"reason": "logout"}');
CREATE TABLE budgets (
	budget_key BLOB NOT NULL, 
	due BIGINT NOT NULL, 
	PRIMARY KEY (budget_key)
);
INSERT INTO "budgets" VALUES(X'1B31E566CCA47C5CE1A108205AF4958D77D69F0273B1AD7B5751E31962DCB930',1795815358193841);
INSERT INTO "budgets" VALUES(X'2447DDBDFC9D3B286A941FF6DB66C701A2D969D6E7093E980E2E80E4B4FAC4AD',1795815358193841);
CREATE TABLE clients (
	client_id TEXT NOT NULL, 
	method TEXT NOT NULL, 
	grants TEXT NOT NULL, 
	scope TEXT NOT NULL, 
	audiences TEXT NOT NULL, 
	introspects TEXT NOT NULL, 
	secrets TEXT NOT NULL, 
	jwks TEXT, 
	PRIMARY KEY (client_id)
);
CREATE TABLE session_cut_off (
	entry INTEGER NOT NULL, 
	cut_off BIGINT NOT NULL, 
	PRIMARY KEY (entry), 
	CHECK (entry = 1)
);
CREATE TABLE sessions (
	session_id BLOB NOT NULL, 
	subject TEXT NOT NULL, 
	client_id TEXT NOT NULL, 
	scope TEXT NOT NULL, 
	credential_version BIGINT NOT NULL, 
	created_at DOUBLE NOT NULL, 
	expires_at DOUBLE NOT NULL, 
	idle_expires_at DOUBLE, 
	ends_at DOUBLE NOT NULL, 
	lineage_digest BLOB NOT NULL, 
	secret_digest BLOB NOT NULL, 
	generation BIGINT NOT NULL, 
	rotated_at DOUBLE NOT NULL, 
	salt BLOB, 
	address TEXT NOT NULL, 
	device TEXT NOT NULL, 
	revoked_at DOUBLE, 
	revoked_because TEXT, replaced BLOB, 
	PRIMARY KEY (session_id)
);
INSERT INTO "sessions" VALUES(X'555962846E03D68BBF18923A4BDBBC54','1HShyjwnnWA28ACMDqyl0A','first-party','account keyturn:admin',1,1.79581535817832136153e+09,1.79642015817832136157e+09,NULL,1.79642015817832136157e+09,X'137977E45FBDF3428113AFC8BCFE1AAE6400BF40CBD784EB5D4C18A9D896DCDA',X'FE4D659FD5AF6979FC32DD3BBEB886B3658F3C4B4CE83EC71255F20A2D6F048A',1,1.79581535823322582245e+09,X'24759DF9261B67A53AFCF11DAAF9BB6F5AF94624FBC16ADB2AE06A2046BF4DC0','127.0.0.1','Python-urllib/3.11',NULL,NULL,X'2E5A3123FDD5D1A40A15637A830228F943B2EDAFEF6B43F7EC4930C0B0FA702824759DF9261B67A53AFCF11DAAF9BB6F5AF94624FBC16ADB2AE06A2046BF4DC041DAC27DEF8EED2C');
INSERT INTO "sessions" VALUES(X'58CC72DFB19977C3D908E976D995F0D1','1HShyjwnnWA28ACMDqyl0A','first-party','account keyturn:admin',1,1.79581535822213840484e+09,1.79642015822213840488e+09,NULL,1.79642015822213840488e+09,X'A6902ECD1D0D2FAC2B945981D6BD7E1844864E951F57097B501BFADCAEA7CD2A',X'9323012A119A6AC459ABCF395B995AFE4E4315EB4B026861CE1F8FBD50D443CF',1,1.79581535824635076525e+09,NULL,'127.0.0.1','Python-urllib/3.11',1.79581535825986647603e+09,'logout',NULL);
CREATE TABLE signing_keys (
	kid TEXT NOT NULL, 
	follows TEXT NOT NULL, 
	published_at DOUBLE NOT NULL, 
	activates_at DOUBLE NOT NULL, 
	sealed TEXT NOT NULL, 
	PRIMARY KEY (kid), 
	UNIQUE (follows)
);
CREATE TABLE users (
	subject TEXT NOT NULL, 
	username TEXT NOT NULL, 
	password_hash TEXT NOT NULL, 
	scope TEXT NOT NULL, 
	credential_version BIGINT NOT NULL, 
	disabled BOOLEAN NOT NULL, 
	PRIMARY KEY (subject), 
	UNIQUE (username)
);
INSERT INTO "users" VALUES('1HShyjwnnWA28ACMDqyl0A','alice','$argon2id$v=19$m=8192,t=1,p=1$D7lVgRcI3xf8vNt/HChCXA$Hx+PqVcXc6gXK1NUfR2Ea2XoXl0yg7oM0ytkWC4bpBs','account keyturn:admin',1,0);
CREATE INDEX sessions_by_end ON sessions (ends_at);
CREATE INDEX audit_events_of_session ON audit_events (session_id);
CREATE INDEX audit_events_of_subject ON audit_events (subject, name, at);
CREATE INDEX audit_events_by_time ON audit_events (at);
CREATE INDEX budgets_by_due ON budgets (due);
CREATE INDEX sessions_with_replaced ON sessions (rotated_at) WHERE replaced IS NOT NULL OR salt IS NOT NULL;
CREATE INDEX sessions_unrevoked_of_subject ON sessions (subject, created_at) WHERE revoked_at IS NULL;
CREATE INDEX sessions_unrevoked ON sessions (created_at) WHERE revoked_at IS NULL AND revoked_because IS NULL;
CREATE INDEX sessions_revoked_in_order ON sessions (revoked_at, session_id, created_at) WHERE revoked_at IS NOT NULL;
COMMIT;
