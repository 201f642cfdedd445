/* What numbers a node makes: integers among the activations, and the types that the file has for them. */
#include "fold.h"
#include "shapes.h"

static bool is_whole(const pleura_value *value)
{
    return value->data ? !pleura_is_real(value) : value->whole;
}

bool pleura_makes_whole(const pleura_walk *w)
{
    const pleura_node *node = w->node;
    switch (node->op) {
    case PLEURA_OP_And:
    case PLEURA_OP_ArgMax:
    case PLEURA_OP_ArgMin:
    case PLEURA_OP_Equal:
    case PLEURA_OP_Greater:
    case PLEURA_OP_GreaterOrEqual:
    case PLEURA_OP_Less:
    case PLEURA_OP_LessOrEqual:
    case PLEURA_OP_Not:
    case PLEURA_OP_Or:
    case PLEURA_OP_QuantizeLinear:
    case PLEURA_OP_Xor:
        return true;
    case PLEURA_OP_Cast:
        return !pleura_is_float_type(pleura_cast_type(w->graph, node));
    case PLEURA_OP_CastLike:
        return is_whole(pleura_walk_input(w, 1));
    case PLEURA_OP_DequantizeLinear:
        return false;
    case PLEURA_OP_OneHot:
        return is_whole(pleura_walk_input(w, 2));
    case PLEURA_OP_MaxPool:
    case PLEURA_OP_TopK:
        return node->part == 1 || is_whole(pleura_walk_input(w, 0));
    case PLEURA_OP_Where:
        return is_whole(pleura_walk_input(w, 1));
    default:
        return node->input_count && is_whole(pleura_walk_input(w, 0));
    }
}

int64_t pleura_type_made(const pleura_walk *w)
{
    const pleura_node *node = w->node;
    switch (node->op) {
    case PLEURA_OP_Cast:
    case PLEURA_OP_CastLike:
        return pleura_cast_type(w->graph, node);
    case PLEURA_OP_DequantizeLinear:
    case PLEURA_OP_Where:
        return pleura_walk_input(w, 1)->type;
    case PLEURA_OP_QuantizeLinear:
        return pleura_quantised_type(w->graph, node);
    default:
        return node->input_count ? pleura_walk_input(w, 0)->type : 0;
    }
}
