DROP TABLE next_slots;
