--
-- PostgreSQL database dump
--

\restrict LGDU9lVP5tjuqrGgYwxv2knVyza3pcYY46DRbbeqXBNOYj0vMUXYmTtdNKRCbTI

-- Dumped from database version 18.6
-- Dumped by pg_dump version 18.6

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: alembic_version; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);


--
-- Name: audit_events; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.audit_events (
    event_id text NOT NULL COLLATE pg_catalog."C",
    at double precision NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    request_id text NOT NULL COLLATE pg_catalog."C",
    address text NOT NULL COLLATE pg_catalog."C",
    session_id bytea,
    subject text COLLATE pg_catalog."C",
    client_id text COLLATE pg_catalog."C",
    details text NOT NULL COLLATE pg_catalog."C"
);


--
-- Name: budgets; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.budgets (
    budget_key bytea NOT NULL,
    due bigint NOT NULL
);


--
-- Name: clients; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.clients (
    client_id text NOT NULL COLLATE pg_catalog."C",
    method text NOT NULL COLLATE pg_catalog."C",
    grants text NOT NULL COLLATE pg_catalog."C",
    scope text NOT NULL COLLATE pg_catalog."C",
    audiences text NOT NULL COLLATE pg_catalog."C",
    introspects text NOT NULL COLLATE pg_catalog."C",
    secrets text NOT NULL COLLATE pg_catalog."C",
    jwks text COLLATE pg_catalog."C"
);


--
-- Name: session_cut_off; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.session_cut_off (
    entry integer NOT NULL,
    cut_off bigint NOT NULL,
    CONSTRAINT session_cut_off_entry_check CHECK ((entry = 1))
);


--
-- Name: sessions; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.sessions (
    session_id bytea NOT NULL,
    subject text NOT NULL COLLATE pg_catalog."C",
    client_id text NOT NULL COLLATE pg_catalog."C",
    scope text NOT NULL COLLATE pg_catalog."C",
    credential_version bigint NOT NULL,
    created_at double precision NOT NULL,
    expires_at double precision NOT NULL,
    idle_expires_at double precision,
    ends_at double precision NOT NULL,
    lineage_digest bytea NOT NULL,
    secret_digest bytea NOT NULL,
    generation bigint NOT NULL,
    rotated_at double precision NOT NULL,
    salt bytea,
    address text NOT NULL COLLATE pg_catalog."C",
    device text NOT NULL COLLATE pg_catalog."C",
    revoked_at double precision,
    revoked_because text COLLATE pg_catalog."C",
    replaced bytea
)
WITH (fillfactor='75');


--
-- Name: signing_keys; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.signing_keys (
    kid text NOT NULL COLLATE pg_catalog."C",
    follows text NOT NULL COLLATE pg_catalog."C",
    published_at double precision NOT NULL,
    activates_at double precision NOT NULL,
    sealed text NOT NULL COLLATE pg_catalog."C"
);


--
-- Name: users; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.users (
    subject text NOT NULL COLLATE pg_catalog."C",
    username text NOT NULL COLLATE pg_catalog."C",
    password_hash text NOT NULL COLLATE pg_catalog."C",
    scope text NOT NULL COLLATE pg_catalog."C",
    credential_version bigint NOT NULL,
    disabled boolean NOT NULL
);


--
-- Data for Name: alembic_version; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.alembic_version VALUES ('0007');


--
-- Data for Name: audit_events; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.audit_events VALUES ('01a21eefde1977c8bde4c235de693eb7', 1795815366.1693888, 'user_created', '', '', NULL, 'xQywmixGjyOoNI0wN31lnQ', NULL, '{"by": null}');
INSERT INTO public.audit_events VALUES ('01a21eefde9c9cc8d8720069f1bac23d', 1795815366.3003366, 'login_succeeded', '459e9110edbee533', '127.0.0.1', '\x9ebcd7383050ae313b1b712a2ea14893', 'xQywmixGjyOoNI0wN31lnQ', 'first-party', '{}');
INSERT INTO public.audit_events VALUES ('01a21eefdee2cc3b1d7cd762bcfcbb0c', 1795815366.3709812, 'login_succeeded', '51b325bcdb44ea78', '127.0.0.1', '\xf7f7ab0cb5c7990739401f3c77edbba2', 'xQywmixGjyOoNI0wN31lnQ', 'first-party', '{}');
INSERT INTO public.audit_events VALUES ('01a21eefdf024d3372a39018af092da7', 1795815366.402333, 'token_refreshed', 'eca1df7b044ebb3c', '127.0.0.1', '\x9ebcd7383050ae313b1b712a2ea14893', 'xQywmixGjyOoNI0wN31lnQ', 'first-party', '{"generation": 1}');
INSERT INTO public.audit_events VALUES ('01a21eefdf1cf6e6a58840fc55bfc933', 1795815366.4288971, 'token_refreshed', 'c6223081e0d46639', '127.0.0.1', '\xf7f7ab0cb5c7990739401f3c77edbba2', 'xQywmixGjyOoNI0wN31lnQ', 'first-party', '{"generation": 1}');
INSERT INTO public.audit_events VALUES ('01a21eefdf3641a8009ac404badff5d6', 1795815366.454124, 'session_was_revoked', '18a87a5cda76b0e1', '127.0.0.1', '\xf7f7ab0cb5c7990739401f3c77edbba2', 'xQywmixGjyOoNI0wN31lnQ', 'first-party', '{"reason": "logout"}');


--
-- Data for Name: budgets; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.budgets VALUES ('\x70726f62653ace19b3d481b4a9a6', 1795815425622727);
INSERT INTO public.budgets VALUES ('\x1b31e566cca47c5ce1a108205af4958d77d69f0273b1ad7b5751e31962dcb930', 1795815366333339);
INSERT INTO public.budgets VALUES ('\x2447ddbdfc9d3b286a941ff6db66c701a2d969d6e7093e980e2e80e4b4fac4ad', 1795815366333339);
INSERT INTO public.budgets VALUES ('\x70726f62653af902e87bdd66c810', 1795815428244572);


--
-- Data for Name: clients; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: session_cut_off; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: sessions; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.sessions VALUES ('\x9ebcd7383050ae313b1b712a2ea14893', 'xQywmixGjyOoNI0wN31lnQ', 'first-party', 'account keyturn:admin', 1, 1795815366.3003366, 1796420166.3003366, NULL, 1796420166.3003366, '\xe77dbeb201820024834be6b9a3c430bed39b2bd2c405e8aa402e80f9890e9723', '\x4606cbe186b26e39fd5d78d358b6bbbb24f90eb9c2b681beb5f575544f4eb488', 1, 1795815366.402333, '\x3286f2e6d9181a82f6b5af3d50b025b7fac7805b35c59ec9d5ccf3fd9f407d8a', '127.0.0.1', 'Python-urllib/3.11', NULL, NULL, '\xb482281e8f8f54a0896c5689a09b56bc460c8fc9884ff29fcfa9af20807b054f3286f2e6d9181a82f6b5af3d50b025b7fac7805b35c59ec9d5ccf3fd9f407d8a41dac27df199bfd3');
INSERT INTO public.sessions VALUES ('\xf7f7ab0cb5c7990739401f3c77edbba2', 'xQywmixGjyOoNI0wN31lnQ', 'first-party', 'account keyturn:admin', 1, 1795815366.3709812, 1796420166.3709812, NULL, 1796420166.3709812, '\xae13557fb3aea1ed792638468d9426b61ce836705fe339c90341019a803e281b', '\xf3893ee6d6bfbd0ca4e5af090b261250eecee38a18a39a37162d6d5bde7bef60', 1, 1795815366.4288971, NULL, '127.0.0.1', 'Python-urllib/3.11', 1795815366.454124, 'logout', NULL);


--
-- Data for Name: signing_keys; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: users; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.users VALUES ('xQywmixGjyOoNI0wN31lnQ', 'alice', '$argon2id$v=19$m=8192,t=1,p=1$TKWm+EawraYfsL2MwDariw$HDfIJ7mxunPl95pcZmxO+e+av6ncGdv7zJtF0srxtuc', 'account keyturn:admin', 1, false);


--
-- Name: alembic_version alembic_version_pkc; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);


--
-- Name: audit_events audit_events_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.audit_events
    ADD CONSTRAINT audit_events_pkey PRIMARY KEY (event_id);


--
-- Name: budgets budgets_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.budgets
    ADD CONSTRAINT budgets_pkey PRIMARY KEY (budget_key);


--
-- Name: clients clients_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.clients
    ADD CONSTRAINT clients_pkey PRIMARY KEY (client_id);


--
-- Name: session_cut_off session_cut_off_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.session_cut_off
    ADD CONSTRAINT session_cut_off_pkey PRIMARY KEY (entry);


--
-- Name: sessions sessions_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (session_id);


--
-- Name: signing_keys signing_keys_follows_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.signing_keys
    ADD CONSTRAINT signing_keys_follows_key UNIQUE (follows);


--
-- Name: signing_keys signing_keys_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.signing_keys
    ADD CONSTRAINT signing_keys_pkey PRIMARY KEY (kid);


--
-- Name: users users_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (subject);


--
-- Name: users users_username_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_username_key UNIQUE (username);


--
-- Name: audit_events_by_time; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX audit_events_by_time ON public.audit_events USING btree (at);


--
-- Name: audit_events_of_session; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX audit_events_of_session ON public.audit_events USING btree (session_id);


--
-- Name: audit_events_of_subject; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX audit_events_of_subject ON public.audit_events USING btree (subject, name, at);


--
-- Name: budgets_by_due; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX budgets_by_due ON public.budgets USING btree (due);


--
-- Name: sessions_by_end; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX sessions_by_end ON public.sessions USING btree (ends_at);


--
-- Name: sessions_revoked_in_order; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX sessions_revoked_in_order ON public.sessions USING btree (revoked_at, session_id, created_at) WHERE (revoked_at IS NOT NULL);


--
-- Name: sessions_unrevoked; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX sessions_unrevoked ON public.sessions USING btree (created_at) WHERE ((revoked_at IS NULL) AND (revoked_because IS NULL));


--
-- Name: sessions_unrevoked_of_subject; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX sessions_unrevoked_of_subject ON public.sessions USING btree (subject, created_at) WHERE (revoked_at IS NULL);


--
-- Name: sessions_with_replaced; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX sessions_with_replaced ON public.sessions USING btree (rotated_at) WHERE ((replaced IS NOT NULL) OR (salt IS NOT NULL));


--
-- PostgreSQL database dump complete
--

\unrestrict LGDU9lVP5tjuqrGgYwxv2knVyza3pcYY46DRbbeqXBNOYj0vMUXYmTtdNKRCbTI

