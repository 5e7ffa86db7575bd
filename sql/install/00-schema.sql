COMMENT ON SCHEMA csflow IS 'csflow: customer service desks. Types and functions belong to the extension; tables and views belong to whoever created the first desk.';
