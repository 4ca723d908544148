// Has nothing but this line.

