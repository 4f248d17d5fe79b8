-- room.all_rooms: where people are attended
SELECT id, name, is_active FROM rooms ORDER BY is_active DESC, lower(name), id;

-- room.insert_room: one more
INSERT INTO rooms (id, name) VALUES ($1, $2);

-- room.rename_room: another name, if it still has the one that was seen
UPDATE rooms SET name = $3, updated_at = now() WHERE id = $1 AND name = $2;

-- room.activate_room: whether it is in use
UPDATE rooms SET is_active = $2, updated_at = now() WHERE id = $1;

-- room.all_equipment: what people are attended with
SELECT id, name, is_active FROM equipment ORDER BY is_active DESC, lower(name), id;

-- room.insert_equipment: one more
INSERT INTO equipment (id, name) VALUES ($1, $2);

-- room.rename_equipment: another name, if it still has the one that was seen
UPDATE equipment SET name = $3, updated_at = now() WHERE id = $1 AND name = $2;

-- room.activate_equipment: whether it is in use
UPDATE equipment SET is_active = $2, updated_at = now() WHERE id = $1;
