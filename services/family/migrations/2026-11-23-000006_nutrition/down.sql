DROP TABLE nutritional_intake;
