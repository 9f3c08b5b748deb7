-- Prepares a database for the four slices. Run it as a superuser, connected to that database; a second run changes nothing.
-- It has no psql meta-commands, so that a driver can send it as one batch, and sets no passwords, because there is no default.

-- Outside the slices: their roles may use the extensions but not replace them, and a slice that moves to another server finds
-- them under the same name.
CREATE SCHEMA IF NOT EXISTS extensions;
CREATE EXTENSION IF NOT EXISTS btree_gist WITH SCHEMA extensions;
CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA extensions;
CREATE EXTENSION IF NOT EXISTS unaccent WITH SCHEMA extensions;

-- IF NOT EXISTS leaves an extension in another schema, where the slices cannot see it.
ALTER EXTENSION btree_gist SET SCHEMA extensions;
ALTER EXTENSION pg_trgm SET SCHEMA extensions;
ALTER EXTENSION unaccent SET SCHEMA extensions;

REVOKE ALL ON SCHEMA public FROM PUBLIC;

DO $$
DECLARE
  slice TEXT;
  slice_role TEXT;
BEGIN
  EXECUTE format('REVOKE CONNECT ON DATABASE %I FROM PUBLIC', current_database());

  FOREACH slice IN ARRAY ARRAY['family', 'social', 'recipe', 'consultation'] LOOP
    slice_role := 'orchard_' || slice;

    -- Roles belong to the whole cluster: a run for another database may have created it, or may do so concurrently.
    BEGIN
      EXECUTE format('CREATE ROLE %I LOGIN', slice_role);
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
      NULL;
    END;

    EXECUTE format('CREATE SCHEMA IF NOT EXISTS %I', slice);
    EXECUTE format('ALTER SCHEMA %I OWNER TO %I', slice, slice_role);
    EXECUTE format('REVOKE ALL ON SCHEMA %I FROM PUBLIC', slice);
    EXECUTE format('GRANT USAGE ON SCHEMA extensions TO %I', slice_role);
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), slice_role);
    -- In this database only: the role may be used in other databases.
    EXECUTE format('ALTER ROLE %I IN DATABASE %I SET search_path = %I, extensions',
      slice_role, current_database(), slice);
    -- The driver does not keep the SQLSTATE of some failures; their English texts distinguish them.
    EXECUTE format('ALTER ROLE %I IN DATABASE %I SET lc_messages = %L', slice_role, current_database(), 'C');
  END LOOP;
END
$$;
