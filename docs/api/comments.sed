# The headers' comments are plain; Doxygen asks for a second star, and for a sign where a comment comes after what it
# is about. Lines between sections stay as they are, and so does what lies within macros.
1{
N
s|^/\*\n \* Pleura:|/**\n * @mainpage\n *\n * One film, in a program of its own (classify.c):\n * @include classify.c\n *\n * @file\n\n * Pleura:|
t
s|^/\*|/**\n * @file|
}
/^\/\* ----/b
/\\$/b
s|^( *)/\*( \|$)|\1/**\2|
s|^( *[^ /*].*[;,{] *)/\*( \|$)|\1/**<\2|
