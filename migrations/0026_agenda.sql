-- The clinic's day: who attends, what is offered, where, when, and the appointments that never share a person or a room.

CREATE EXTENSION IF NOT EXISTS btree_gist SCHEMA crypto;

-- The clinic's wall clock: every hour that people write or read is in it.
ALTER TABLE public.clinics ADD COLUMN time_zone text NOT NULL DEFAULT 'America/Sao_Paulo' CHECK (time_zone IN (
  'America/Sao_Paulo', 'America/Noronha', 'America/Belem', 'America/Fortaleza', 'America/Recife', 'America/Araguaina',
  'America/Maceio', 'America/Bahia', 'America/Campo_Grande', 'America/Cuiaba', 'America/Santarem', 'America/Porto_Velho',
  'America/Boa_Vista', 'America/Manaus', 'America/Eirunepe', 'America/Rio_Branco'));

CREATE FUNCTION app.zone() RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog
AS $$
BEGIN
  RETURN (SELECT c.time_zone FROM public.clinics c WHERE c.id = app.clinic_id());
END
$$;

-- The moment of a date and hour on the clinic's clock. An hour that a change of the clock skips is refused, not moved.
CREATE FUNCTION app.moment_of(wall timestamp) RETURNS timestamptz
LANGUAGE plpgsql STABLE SET search_path = pg_catalog
AS $$
DECLARE
  zone text := app.zone();
  found_moment timestamptz := wall AT TIME ZONE zone;
BEGIN
  IF found_moment AT TIME ZONE zone <> wall THEN
    RAISE EXCEPTION 'no such hour on that day' USING ERRCODE = 'check_violation', CONSTRAINT = 'hour_exists';
  END IF;
  RETURN found_moment;
END
$$;

-- Who decides on the clinic's people, services, rooms and hours.
CREATE FUNCTION app.runs_clinic() RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog
AS $$ SELECT app.has_role('administrator') OR app.has_role('owner') $$;
GRANT EXECUTE ON FUNCTION app.zone(), app.moment_of(timestamp), app.runs_clinic() TO sigilo_app;
-- Who says which member a professional is needs to see the members.
CREATE POLICY management ON public.members FOR SELECT TO sigilo_app USING ((SELECT app.runs_clinic()));

CREATE TABLE public.professionals (
  clinic_id uuid NOT NULL DEFAULT app.clinic_id() REFERENCES public.clinics ON DELETE RESTRICT,
  id uuid NOT NULL DEFAULT app.uuid_v7(),
  -- The member who it is; none for somebody who does not use the system.
  user_id uuid,
  full_name text NOT NULL CHECK (length(btrim(full_name)) BETWEEN 1 AND 200),
  specialization text CHECK (length(specialization) BETWEEN 2 AND 120),
  -- The specialty's place in the Conselho Federal de Medicina's list; doctors only.
  cfm_specialty_code text CHECK (cfm_specialty_code ~ '^[1-9][0-9]?$'),
  council_license text NOT NULL CHECK (council_license IN (
    'CRM', 'COREN', 'CRO', 'CRF', 'CFF', 'CREFITO', 'CRN', 'CRP', 'CRBM', 'CREFONO', 'CREF', 'CNEP', 'OUTRO')),
  license_number text NOT NULL CHECK (license_number ~ '^[0-9A-Z./-]{1,20}$'),
  license_state text NOT NULL CHECK (license_state IN (
    'AC', 'AL', 'AM', 'AP', 'BA', 'CE', 'DF', 'ES', 'GO', 'MA', 'MG', 'MS', 'MT', 'PA', 'PB', 'PE',
    'PI', 'PR', 'RJ', 'RN', 'RO', 'RR', 'RS', 'SC', 'SE', 'SP', 'TO')),
  council_validation text NOT NULL DEFAULT 'format_ok'
    CHECK (council_validation IN ('pending', 'format_ok', 'document_checked', 'registry_checked')),
  -- Appointments in a day; none: no limit.
  daily_maximum integer CHECK (daily_maximum BETWEEN 1 AND 200),
  is_active boolean NOT NULL DEFAULT true,
  version integer NOT NULL DEFAULT 1 CHECK (version > 0),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (clinic_id, id),
  FOREIGN KEY (clinic_id, user_id) REFERENCES public.members (clinic_id, user_id) ON DELETE RESTRICT,
  CONSTRAINT professionals_member UNIQUE (clinic_id, user_id),
  CONSTRAINT professionals_license UNIQUE (clinic_id, council_license, license_state, license_number)
);

CREATE TABLE public.service_categories (
  clinic_id uuid NOT NULL DEFAULT app.clinic_id() REFERENCES public.clinics ON DELETE RESTRICT,
  id uuid NOT NULL DEFAULT app.uuid_v7(),
  name text NOT NULL CHECK (length(btrim(name)) BETWEEN 1 AND 120),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (clinic_id, id)
);
CREATE UNIQUE INDEX service_categories_name ON public.service_categories (clinic_id, lower(name));

CREATE TABLE public.service_types (
  clinic_id uuid NOT NULL DEFAULT app.clinic_id() REFERENCES public.clinics ON DELETE RESTRICT,
  id uuid NOT NULL DEFAULT app.uuid_v7(),
  category_id uuid,
  name text NOT NULL CHECK (length(btrim(name)) BETWEEN 1 AND 120),
  duration_minutes integer NOT NULL CHECK (duration_minutes BETWEEN 5 AND 720),
  -- What the room and the professional still need afterwards; the patient does not.
  buffer_minutes integer NOT NULL DEFAULT 0 CHECK (buffer_minutes BETWEEN 0 AND 120),
  price numeric(12, 2) NOT NULL DEFAULT 0 CHECK (price >= 0),
  tuss_code text CHECK (tuss_code ~ '^[0-9]{8}$'),
  by_telemedicine boolean NOT NULL DEFAULT false,
  is_active boolean NOT NULL DEFAULT true,
  version integer NOT NULL DEFAULT 1 CHECK (version > 0),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (clinic_id, id),
  FOREIGN KEY (clinic_id, category_id) REFERENCES public.service_categories (clinic_id, id) ON DELETE RESTRICT
);
CREATE UNIQUE INDEX service_types_name ON public.service_types (clinic_id, lower(name));

-- Who performs what.
CREATE TABLE public.professional_services (
  clinic_id uuid NOT NULL DEFAULT app.clinic_id(),
  id uuid NOT NULL DEFAULT app.uuid_v7(),
  professional_id uuid NOT NULL,
  service_type_id uuid NOT NULL,
  is_active boolean NOT NULL DEFAULT true,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (clinic_id, professional_id, service_type_id),
  FOREIGN KEY (clinic_id, professional_id) REFERENCES public.professionals (clinic_id, id) ON DELETE RESTRICT,
  FOREIGN KEY (clinic_id, service_type_id) REFERENCES public.service_types (clinic_id, id) ON DELETE RESTRICT
);

CREATE TABLE public.rooms (
  clinic_id uuid NOT NULL DEFAULT app.clinic_id() REFERENCES public.clinics ON DELETE RESTRICT,
  id uuid NOT NULL DEFAULT app.uuid_v7(),
  name text NOT NULL CHECK (length(btrim(name)) BETWEEN 1 AND 120),
  is_active boolean NOT NULL DEFAULT true,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (clinic_id, id)
);
CREATE UNIQUE INDEX rooms_name ON public.rooms (clinic_id, lower(name));

CREATE TABLE public.equipment (
  clinic_id uuid NOT NULL DEFAULT app.clinic_id() REFERENCES public.clinics ON DELETE RESTRICT,
  id uuid NOT NULL DEFAULT app.uuid_v7(),
  name text NOT NULL CHECK (length(btrim(name)) BETWEEN 1 AND 120),
  is_active boolean NOT NULL DEFAULT true,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (clinic_id, id)
);
CREATE UNIQUE INDEX equipment_name ON public.equipment (clinic_id, lower(name));

-- A week's hours, on the clinic's clock. Weekday 1 is Monday (ISO 8601).
CREATE TABLE public.working_hours (
  clinic_id uuid NOT NULL DEFAULT app.clinic_id(),
  id uuid NOT NULL DEFAULT app.uuid_v7(),
  professional_id uuid NOT NULL,
  weekday integer NOT NULL CHECK (weekday BETWEEN 1 AND 7),
  starts time NOT NULL,
  ends time NOT NULL,
  -- Since when it is no longer so.
  ended_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (clinic_id, id),
  FOREIGN KEY (clinic_id, professional_id) REFERENCES public.professionals (clinic_id, id) ON DELETE RESTRICT,
  CHECK (starts < ends),
  CONSTRAINT working_hours_apart EXCLUDE USING gist (
    clinic_id WITH =, professional_id WITH =, weekday WITH =,
    int4range((extract(epoch FROM starts) / 60)::integer, (extract(epoch FROM ends) / 60)::integer) WITH &&)
    WHERE (ended_at IS NULL)
);

-- Days and hours that are not as the week says: closed for one professional or, without one, for the whole clinic; or open.
CREATE TABLE public.schedule_exceptions (
  clinic_id uuid NOT NULL DEFAULT app.clinic_id() REFERENCES public.clinics ON DELETE RESTRICT,
  id uuid NOT NULL DEFAULT app.uuid_v7(),
  professional_id uuid,
  kind text NOT NULL CHECK (kind IN ('closed', 'open')),
  reason text NOT NULL CHECK (reason IN ('holiday', 'vacation', 'leave', 'training', 'maintenance', 'extra', 'other')),
  starts_at timestamptz NOT NULL,
  ends_at timestamptz NOT NULL,
  created_by uuid NOT NULL DEFAULT app.user_id(),
  withdrawn_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (clinic_id, id),
  FOREIGN KEY (clinic_id, professional_id) REFERENCES public.professionals (clinic_id, id) ON DELETE RESTRICT,
  FOREIGN KEY (clinic_id, created_by) REFERENCES public.members (clinic_id, user_id) ON DELETE RESTRICT,
  CHECK (starts_at < ends_at AND ends_at <= starts_at + interval '400 days'),
  CHECK (kind = 'closed' OR professional_id IS NOT NULL)
);
CREATE INDEX schedule_exceptions_when ON public.schedule_exceptions (clinic_id, ends_at);
-- A clinic's holiday is on its list once, however many people add the year's at the same time.
CREATE UNIQUE INDEX schedule_exceptions_holiday ON public.schedule_exceptions (clinic_id, starts_at)
  WHERE professional_id IS NULL AND reason = 'holiday' AND withdrawn_at IS NULL;

CREATE TABLE public.appointments (
  clinic_id uuid NOT NULL DEFAULT app.clinic_id() REFERENCES public.clinics ON DELETE RESTRICT,
  id uuid NOT NULL DEFAULT app.uuid_v7(),
  patient_id uuid NOT NULL,
  professional_id uuid NOT NULL,
  service_type_id uuid NOT NULL,
  room_id uuid,
  equipment_id uuid,
  modality text NOT NULL DEFAULT 'in_person' CHECK (modality IN ('in_person', 'telemedicine')),
  start_time timestamptz NOT NULL,
  end_time timestamptz NOT NULL,
  -- Until when professional, room and equipment are taken; set by the service's buffer.
  busy_until timestamptz NOT NULL,
  status text NOT NULL DEFAULT 'scheduled' CHECK (status IN (
    'requested', 'scheduled', 'confirmed', 'arrived', 'in_progress', 'completed', 'cancelled', 'no_show', 'rescheduled')),
  -- Whether its time is nobody else's.
  holds_time boolean NOT NULL GENERATED ALWAYS AS (status NOT IN ('cancelled', 'no_show', 'rescheduled')) STORED,
  tuss_code text CHECK (tuss_code ~ '^[0-9]{8}$'),
  cfm_specialty_code text CHECK (cfm_specialty_code ~ '^[1-9][0-9]?$'),
  no_show_risk_score integer CHECK (no_show_risk_score BETWEEN 0 AND 100),
  no_show_factors jsonb,
  prevention_actions jsonb,
  patient_confirmed boolean NOT NULL DEFAULT false,
  cancellation_reason text CHECK (cancellation_reason IN ('patient', 'clinic', 'professional', 'mistake')),
  -- The appointment that this one took the place of.
  rescheduled_from uuid,
  -- The series it is one of.
  series_id uuid,
  -- Booked where it does not fit the hours or the daily maximum, on somebody's word.
  is_exception boolean NOT NULL DEFAULT false,
  times_moved integer NOT NULL DEFAULT 0,
  confirmed_at timestamptz,
  arrived_at timestamptz,
  started_at timestamptz,
  ended_at timestamptz,
  booked_by uuid NOT NULL DEFAULT app.user_id(),
  version integer NOT NULL DEFAULT 1 CHECK (version > 0),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (clinic_id, id),
  FOREIGN KEY (clinic_id, patient_id) REFERENCES public.patients (clinic_id, id) ON DELETE RESTRICT,
  FOREIGN KEY (clinic_id, professional_id) REFERENCES public.professionals (clinic_id, id) ON DELETE RESTRICT,
  FOREIGN KEY (clinic_id, service_type_id) REFERENCES public.service_types (clinic_id, id) ON DELETE RESTRICT,
  FOREIGN KEY (clinic_id, room_id) REFERENCES public.rooms (clinic_id, id) ON DELETE RESTRICT,
  FOREIGN KEY (clinic_id, equipment_id) REFERENCES public.equipment (clinic_id, id) ON DELETE RESTRICT,
  FOREIGN KEY (clinic_id, rescheduled_from) REFERENCES public.appointments (clinic_id, id) ON DELETE RESTRICT,
  FOREIGN KEY (clinic_id, booked_by) REFERENCES public.members (clinic_id, user_id) ON DELETE RESTRICT,
  CONSTRAINT appointments_order CHECK (start_time < end_time AND end_time <= busy_until),
  CONSTRAINT appointments_length CHECK (end_time <= start_time + interval '12 hours'),
  CONSTRAINT appointments_reason CHECK ((status = 'cancelled') = (cancellation_reason IS NOT NULL)),
  CONSTRAINT appointments_professional EXCLUDE USING gist (
    clinic_id WITH =, professional_id WITH =, tstzrange(start_time, busy_until) WITH &&) WHERE (holds_time),
  CONSTRAINT appointments_patient EXCLUDE USING gist (
    clinic_id WITH =, patient_id WITH =, tstzrange(start_time, end_time) WITH &&) WHERE (holds_time),
  CONSTRAINT appointments_room EXCLUDE USING gist (
    clinic_id WITH =, room_id WITH =, tstzrange(start_time, busy_until) WITH &&) WHERE (holds_time AND room_id IS NOT NULL),
  CONSTRAINT appointments_equipment EXCLUDE USING gist (
    clinic_id WITH =, equipment_id WITH =, tstzrange(start_time, busy_until) WITH &&)
    WHERE (holds_time AND equipment_id IS NOT NULL)
);
CREATE INDEX appointments_day ON public.appointments (clinic_id, start_time);
CREATE INDEX appointments_of_patient ON public.appointments (clinic_id, patient_id, start_time DESC);

CREATE FUNCTION public.fn_appointment() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog
AS $$
DECLARE
  service record;
  allowed boolean;
  takes boolean := TG_OP = 'INSERT';
  place bigint;
BEGIN
  IF TG_OP = 'INSERT' OR (NEW.start_time, NEW.end_time, NEW.service_type_id) IS DISTINCT FROM (OLD.start_time, OLD.end_time, OLD.service_type_id) THEN
    SELECT s.buffer_minutes, s.tuss_code INTO service FROM public.service_types s
     WHERE s.clinic_id = NEW.clinic_id AND s.id = NEW.service_type_id;
    NEW.busy_until := NEW.end_time + make_interval(mins => coalesce(service.buffer_minutes, 0));
    NEW.tuss_code := service.tuss_code;
  END IF;
  IF TG_OP = 'INSERT' OR NEW.professional_id <> OLD.professional_id THEN
    SELECT p.cfm_specialty_code INTO NEW.cfm_specialty_code FROM public.professionals p
     WHERE p.clinic_id = NEW.clinic_id AND p.id = NEW.professional_id;
  END IF;
  IF TG_OP = 'INSERT' THEN
    IF NEW.status NOT IN ('requested', 'scheduled') THEN
      RAISE EXCEPTION 'an appointment begins requested or scheduled' USING ERRCODE = 'check_violation', CONSTRAINT = 'appointments_begin';
    END IF;
  ELSE
    IF NEW.patient_id <> OLD.patient_id THEN
      RAISE EXCEPTION 'an appointment stays its patient''s' USING ERRCODE = 'check_violation', CONSTRAINT = 'appointments_patient_stays';
    END IF;
    IF (NEW.start_time, NEW.end_time, NEW.professional_id, NEW.room_id, NEW.equipment_id)
       IS DISTINCT FROM (OLD.start_time, OLD.end_time, OLD.professional_id, OLD.room_id, OLD.equipment_id) THEN
      IF OLD.status NOT IN ('requested', 'scheduled', 'confirmed') THEN
        RAISE EXCEPTION 'only what has not begun is moved' USING ERRCODE = 'check_violation', CONSTRAINT = 'appointments_moves';
      END IF;
      NEW.times_moved := OLD.times_moved + 1;
      takes := true;
    END IF;
    IF NEW.status <> OLD.status THEN
      -- Forward as the visit goes; backward one step, where somebody pressed the wrong button.
      allowed := CASE OLD.status
        WHEN 'requested' THEN NEW.status IN ('scheduled', 'cancelled')
        WHEN 'scheduled' THEN NEW.status IN ('confirmed', 'arrived', 'cancelled', 'no_show', 'rescheduled')
        WHEN 'confirmed' THEN NEW.status IN ('scheduled', 'arrived', 'cancelled', 'no_show', 'rescheduled')
        WHEN 'arrived' THEN NEW.status IN ('scheduled', 'confirmed', 'in_progress', 'cancelled')
        WHEN 'in_progress' THEN NEW.status IN ('arrived', 'completed')
        WHEN 'cancelled' THEN NEW.status = 'scheduled'
        WHEN 'no_show' THEN NEW.status IN ('scheduled', 'arrived')
        ELSE false END;
      IF NOT allowed THEN
        RAISE EXCEPTION 'no way from % to %', OLD.status, NEW.status USING ERRCODE = 'check_violation', CONSTRAINT = 'appointments_way';
      END IF;
      takes := takes OR OLD.status IN ('cancelled', 'no_show');
      IF NEW.status = 'no_show' AND NEW.start_time > app.clock() THEN
        RAISE EXCEPTION 'its hour has not come' USING ERRCODE = 'check_violation', CONSTRAINT = 'appointments_hour_to_come';
      END IF;
      IF NEW.status <> 'cancelled' THEN NEW.cancellation_reason := NULL; END IF;
      NEW.confirmed_at := CASE WHEN NEW.status = 'confirmed' THEN now() WHEN NEW.status IN ('requested', 'scheduled') THEN NULL ELSE NEW.confirmed_at END;
      NEW.patient_confirmed := NEW.confirmed_at IS NOT NULL;
      NEW.arrived_at := CASE WHEN NEW.status = 'arrived' THEN coalesce(OLD.arrived_at, now())
                             WHEN NEW.status IN ('in_progress', 'completed') THEN OLD.arrived_at END;
      NEW.started_at := CASE WHEN NEW.status = 'in_progress' THEN now() WHEN NEW.status = 'completed' THEN OLD.started_at END;
      NEW.ended_at := CASE WHEN NEW.status = 'completed' THEN now() END;
    END IF;
    NEW.version := OLD.version + 1;
    NEW.updated_at := now();
  END IF;
  -- One at a time looks at a professional's, a patient's, a room's or an equipment's time. Without it, two bookings of one time
  -- each wait for the other, and the server breaks one off after a second with an error that says nothing.
  IF takes THEN
    FOR place IN SELECT DISTINCT hashtextextended(NEW.clinic_id::text || t::text, 26)
                   FROM unnest(ARRAY[NEW.professional_id, NEW.patient_id, NEW.room_id, NEW.equipment_id]) t
                  WHERE t IS NOT NULL ORDER BY 1 LOOP
      PERFORM pg_advisory_xact_lock(place);
    END LOOP;
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER kept BEFORE INSERT OR UPDATE ON public.appointments FOR EACH ROW EXECUTE FUNCTION public.fn_appointment();

CREATE FUNCTION public.fn_counts_versions() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog
AS $$
BEGIN
  NEW.version := OLD.version + 1;
  NEW.updated_at := now();
  RETURN NEW;
END
$$;
CREATE TRIGGER counted BEFORE UPDATE ON public.professionals FOR EACH ROW EXECUTE FUNCTION public.fn_counts_versions();
CREATE TRIGGER counted BEFORE UPDATE ON public.service_types FOR EACH ROW EXECUTE FUNCTION public.fn_counts_versions();

-- How far a registration was checked, step by step, and never by whom it is of. Another number is another registration; so is
-- another member, or somebody could check their own while it was nobody's.
CREATE FUNCTION public.fn_council_check() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog
AS $$
BEGIN
  IF (NEW.council_license, NEW.license_number, NEW.license_state, NEW.user_id)
     IS DISTINCT FROM (OLD.council_license, OLD.license_number, OLD.license_state, OLD.user_id) THEN
    NEW.council_validation := 'format_ok';
  ELSIF NEW.council_validation <> OLD.council_validation THEN
    IF NEW.user_id = app.user_id() THEN
      RAISE EXCEPTION 'nobody checks their own registration' USING ERRCODE = 'check_violation', CONSTRAINT = 'professionals_own_check';
    END IF;
    IF (OLD.council_validation, NEW.council_validation) NOT IN (('format_ok', 'document_checked'), ('document_checked', 'registry_checked'))
       AND NEW.council_validation <> 'format_ok' THEN
      RAISE EXCEPTION 'no way from % to %', OLD.council_validation, NEW.council_validation
        USING ERRCODE = 'check_violation', CONSTRAINT = 'professionals_check_way';
    END IF;
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER checked BEFORE UPDATE ON public.professionals FOR EACH ROW EXECUTE FUNCTION public.fn_council_check();

-- When a professional attends between two moments: the week's hours, what is open besides, less what is closed.
-- In PL/pgSQL, which keeps its plan: as a plain SQL function it was planned at every call.
CREATE FUNCTION app.open_hours(professional uuid, first_moment timestamptz, last_moment timestamptz) RETURNS tstzmultirange
LANGUAGE plpgsql STABLE SET search_path = pg_catalog
AS $$
BEGIN
  RETURN (
  WITH clock AS MATERIALIZED (SELECT app.zone() AS zone),
       days AS (SELECT d::date AS day, clock.zone
                  FROM clock, generate_series((first_moment AT TIME ZONE clock.zone)::date::timestamp - interval '1 day',
                                              (last_moment AT TIME ZONE clock.zone)::date::timestamp, interval '1 day') d),
       week AS (SELECT range_agg(tstzrange((d.day + w.starts) AT TIME ZONE d.zone, (d.day + w.ends) AT TIME ZONE d.zone)) AS hours
                  FROM days d JOIN public.working_hours w ON w.weekday = extract(isodow FROM d.day)
                 WHERE w.professional_id = professional AND w.ended_at IS NULL AND (d.day + w.starts) AT TIME ZONE d.zone < (d.day + w.ends) AT TIME ZONE d.zone),
       apart AS (SELECT range_agg(tstzrange(e.starts_at, e.ends_at)) FILTER (WHERE e.kind = 'open') AS opened,
                        range_agg(tstzrange(e.starts_at, e.ends_at)) FILTER (WHERE e.kind = 'closed') AS closed
                   FROM public.schedule_exceptions e
                  WHERE (e.professional_id = professional OR e.professional_id IS NULL) AND e.withdrawn_at IS NULL
                    AND e.ends_at > first_moment AND e.starts_at < last_moment)
  SELECT (coalesce(week.hours, '{}') + coalesce(apart.opened, '{}') - coalesce(apart.closed, '{}'))
         * tstzmultirange(tstzrange(first_moment, last_moment))
    FROM week, apart);
END
$$;
GRANT EXECUTE ON FUNCTION app.open_hours(uuid, timestamptz, timestamptz) TO sigilo_app;

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['professionals', 'service_categories', 'service_types', 'professional_services', 'rooms', 'equipment',
                           'working_hours', 'schedule_exceptions', 'appointments'] LOOP
    EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE public.%I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY clinic_floor ON public.%I AS RESTRICTIVE TO sigilo_app
                      USING (clinic_id = (SELECT app.clinic_id())) WITH CHECK (clinic_id = (SELECT app.clinic_id()))', t);
    EXECUTE format('CREATE POLICY audit ON public.%I FOR SELECT TO sigilo_auditor USING (true)', t);
    EXECUTE format('GRANT SELECT ON public.%I TO sigilo_app, sigilo_auditor', t);
    IF t = 'appointments' THEN
      EXECUTE format('CREATE POLICY desk ON public.%I TO sigilo_app
                        USING ((SELECT app.sees_patients())) WITH CHECK ((SELECT app.sees_patients()))', t);
    ELSE
      EXECUTE format('CREATE POLICY staff ON public.%I FOR SELECT TO sigilo_app USING ((SELECT app.sees_patients()))', t);
      EXECUTE format('CREATE POLICY management ON public.%I TO sigilo_app
                        USING ((SELECT app.runs_clinic())) WITH CHECK ((SELECT app.runs_clinic()))', t);
    END IF;
    PERFORM ops.open_to_console(format('public.%I', t)::regclass);
    PERFORM ops.open_to_review(format('public.%I', t)::regclass, 'created_at');
    PERFORM ops.watch(format('public.%I', t)::regclass);
  END LOOP;
END
$$;
-- Who was attended has a record, which stays twenty years after the last time (Lei 13.787/2018, art. 6); who is expected is a
-- patient. Neither is eliminated.
CREATE POLICY gate ON public.appointments FOR SELECT TO sigilo_gate USING (true);
GRANT SELECT (clinic_id, patient_id, start_time, end_time, status) ON public.appointments TO sigilo_gate;
CREATE OR REPLACE FUNCTION app.patient_record_until(clinic uuid, patient uuid) RETURNS date
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
  SELECT greatest(p.data_retention_until,
                  (SELECT (max(a.start_time) AT TIME ZONE 'America/Sao_Paulo' + interval '20 years')::date
                     FROM public.appointments a
                    WHERE a.clinic_id = clinic AND a.patient_id = patient AND a.status IN ('in_progress', 'completed')))
    FROM public.patients p WHERE p.clinic_id = clinic AND p.id = patient
$$;
CREATE OR REPLACE FUNCTION app.elimination_bar(clinic uuid, patient uuid, why text) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
  SELECT CASE
    WHEN EXISTS (SELECT FROM public.legal_holds h
                  WHERE h.clinic_id = clinic AND h.patient_id = patient AND h.released_at IS NULL) THEN 'eliminations_held'
    WHEN app.patient_record_until(clinic, patient) >= (app.clock() AT TIME ZONE 'America/Sao_Paulo')::date THEN 'eliminations_record'
    WHEN EXISTS (SELECT FROM public.appointments a
                  WHERE a.clinic_id = clinic AND a.patient_id = patient AND a.end_time > app.clock()
                    AND a.status IN ('requested', 'scheduled', 'confirmed', 'arrived')) THEN 'eliminations_expected'
    WHEN why = 'term_over' AND p.updated_at + interval '20 years' > app.clock() THEN 'eliminations_term' END
    FROM public.patients p WHERE p.clinic_id = clinic AND p.id = patient
$$;
CREATE TRIGGER there BEFORE INSERT ON public.appointments FOR EACH ROW EXECUTE FUNCTION public.fn_patient_is_there();

GRANT INSERT (id, user_id, full_name, specialization, cfm_specialty_code, council_license, license_number, license_state, daily_maximum),
      UPDATE (user_id, full_name, specialization, cfm_specialty_code, council_license, license_number, license_state,
              council_validation, daily_maximum, is_active) ON public.professionals TO sigilo_app;
GRANT INSERT (id, name), UPDATE (name, updated_at) ON public.service_categories TO sigilo_app;
GRANT INSERT (id, category_id, name, duration_minutes, buffer_minutes, price, tuss_code, by_telemedicine),
      UPDATE (category_id, name, duration_minutes, buffer_minutes, price, tuss_code, by_telemedicine, is_active)
  ON public.service_types TO sigilo_app;
GRANT INSERT (professional_id, service_type_id), UPDATE (is_active) ON public.professional_services TO sigilo_app;
GRANT INSERT (id, name), UPDATE (name, is_active, updated_at) ON public.rooms, public.equipment TO sigilo_app;
GRANT INSERT (professional_id, weekday, starts, ends), UPDATE (ended_at) ON public.working_hours TO sigilo_app;
GRANT INSERT (id, professional_id, kind, reason, starts_at, ends_at), UPDATE (withdrawn_at) ON public.schedule_exceptions TO sigilo_app;
GRANT INSERT (id, patient_id, professional_id, service_type_id, room_id, equipment_id, modality, start_time, end_time, status,
              rescheduled_from, series_id, is_exception),
      UPDATE (professional_id, room_id, equipment_id, start_time, end_time, status, cancellation_reason, is_exception)
  ON public.appointments TO sigilo_app;

SELECT ops.baseline();
