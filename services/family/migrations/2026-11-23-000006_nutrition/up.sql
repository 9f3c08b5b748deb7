-- The spec joins nutritional_intake in family_dashboard and defines it nowhere: these columns make it real.
CREATE TABLE nutritional_intake (
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  user_id UUID NOT NULL,
  consumption_date DATE NOT NULL,
  calories_consumed INTEGER NOT NULL,
  meal VARCHAR(20) NOT NULL,
  source VARCHAR(20) NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT nutritional_intake_pkey PRIMARY KEY (id),
  -- CASCADE: what a person ate is their own.
  CONSTRAINT nutritional_intake_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
  CONSTRAINT nutritional_intake_calories_consumed_check CHECK (calories_consumed BETWEEN 0 AND 20000),
  CONSTRAINT nutritional_intake_meal_check CHECK (meal IN ('breakfast', 'lunch', 'dinner', 'snack')),
  CONSTRAINT nutritional_intake_source_check CHECK (source IN ('manual', 'device', 'recipe'))
);

CREATE INDEX nutritional_intake_user_id_consumption_date_idx ON nutritional_intake (user_id, consumption_date);
