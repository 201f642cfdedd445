/*
 * Writing a call out.
 *
 * A body is steps separated by ';', each "result=Operator argument argument attribute:value".
 *
 *   result     A, B, C, D: the function's outputs; a to z: numbers between, which may be named anew
 *   argument   0, 1, 2 ...: the function's inputs; a to z; #0.5: a number;
 *              @alpha=0.5: the function's attribute, as a number; 2?: may be left out
 *   Operator   or $activation: the one that the function's attribute names, or Identity
 *   attribute  integers with commas; @axis=-1: one integer, as the function's attribute says;
 *              ~transB: 1 less the function's attribute
 *
 * Every step has the function's attributes besides its own. A step whose first argument is
 * left out is left out, too, and so is its result; one whose second is left out passes the first on.
 * "*" at the beginning repeats a step for every further three inputs, and as an argument stands for
 * the results.
 */
#include "functions.h"

#include "../error.h"
#include "../text.h"
#include "constant.h"
#include "plain_numbers.h"

#include <math.h>
#include <string.h>

#define MAX_ATTRIBUTES 4
#define MAX_INTEGER 1e9

typedef struct expansion {
    pleura_reader *r;
    const pleura_node *call;
    const uint32_t *outputs;
    size_t output_count;
    const char *at;
    uint32_t bound[26]; /* what a to z stand for */
    pleura_list repeated, inputs;
    pleura_attribute attributes[MAX_ATTRIBUTES];
    size_t attribute_count;
} expansion;

/* The characters up to one of `ends`, or the body's end. */
static pleura_span take(expansion *e, const char *ends)
{
    pleura_span token = {e->at, strcspn(e->at, ends), e->r};
    e->at += token.length;
    return token;
}

/* A scalar; its index, or PLEURA_NONE with the error set. */
static uint32_t add_number(pleura_reader *r, double number)
{
    uint32_t index = pleura_reader_value(r, "", 0);
    if (index == PLEURA_NONE)
        return PLEURA_NONE;
    pleura_value *value = &r->graph->values[index];
    value->element = PLEURA_FLOAT;
    value->type = PLEURA_TYPE_FLOAT;
    value->has_shape = true;
    float *data = pleura_constant_storage(r->graph, value);
    if (!data)
        return pleura_refuse_memory(r), PLEURA_NONE;
    *data = (float)number;
    return index;
}

/* "name=0.5": the function's attribute, or what stands behind it. */
static double attribute_number(expansion *e)
{
    const char *name = pleura_keep_text(e->r, take(e, "= ;"));
    double otherwise = *e->at == '=' ? (e->at++, pleura_number_read(&e->at)) : 0;
    for (size_t i = 0; name && i < e->call->attribute_count; i++) {
        const pleura_attribute *a = &e->call->attributes[i];
        if (strcmp(a->name, name) == 0 && (a->kind == 'i' || a->kind == 'f'))
            return a->kind == 'i' ? (double)a->i : (double)a->f;
    }
    return otherwise;
}

static bool read_attribute(expansion *e, pleura_span name)
{
    pleura_attribute *a = &e->attributes[e->attribute_count++];
    pleura_list ints = {.reader = e->r};
    bool ok = true;
    do {
        const char form = *++e->at; /* behind ':' or ',' */
        e->at += form == '@' || form == '~';
        double number =
            form == '@' || form == '~' ? attribute_number(e) : pleura_number_read(&e->at);
        if (!(fabs(number) < MAX_INTEGER)) /* the call's attribute is any float */
            number = MAX_INTEGER;
        int64_t *item = pleura_list_add(&ints, sizeof *item);
        ok = item != NULL;
        if (ok)
            *item = form == '~' ? 1 - (int64_t)number : (int64_t)number;
    } while (ok && *e->at == ',');
    *a = (pleura_attribute){.name = pleura_keep_text(e->r, name), .count = ints.count};
    a->ints = ok ? pleura_list_keep(&ints, sizeof *a->ints) : NULL;
    pleura_free(ints.items);
    ok = a->name && a->ints;
    a->kind = ok && strcmp(a->name, "axes") == 0 ? 'I' : 'i';
    a->i = ok ? a->ints[0] : 0;
    return ok;
}

static bool add_input(expansion *e, uint32_t value)
{
    uint32_t *item = pleura_list_add(&e->inputs, sizeof *item);
    if (item)
        *item = value;
    return item != NULL;
}

static bool add_given(expansion *e, size_t n, bool optional)
{
    const uint32_t value = n < e->call->input_count ? e->call->inputs[n] : PLEURA_NONE;
    pleura_node_label label;
    if (value != PLEURA_NONE || optional)
        return add_input(e, value);
    pleura_fail(e->r->error, PLEURA_ERROR_ONNX, "ONNX: %s lacks its input %zu.",
                pleura_node_describe(e->call, &label), n);
    return false;
}

/* An attribute, a value by its letter, or an input by its number. */
static bool read_named(expansion *e, size_t further)
{
    const char first = *e->at;
    const pleura_span token = take(e, ": ;");
    if (*e->at == ':')
        return read_attribute(e, token);
    return first >= 'a' ? add_input(e, e->bound[first - 'a'])
                        : add_given(e, (size_t)(first - '0') + further,
                                    token.begin[token.length - 1] == '?');
}

/* One argument, or an attribute; `further` inputs are skipped where a step is repeated. */
static bool read_argument(expansion *e, size_t further)
{
    uint32_t value;
    switch (*e->at) {
    case '#':
        e->at++;
        value = add_number(e->r, pleura_number_read(&e->at));
        return value != PLEURA_NONE && add_input(e, value);
    case '@':
        e->at++;
        value = add_number(e->r, attribute_number(e));
        return value != PLEURA_NONE && add_input(e, value);
    case '*':
        e->at++;
        for (size_t i = 0; i < e->repeated.count; i++)
            if (!add_input(e, ((const uint32_t *)e->repeated.items)[i]))
                return false;
        return true;
    default:
        return read_named(e, further);
    }
}

/* What a step makes: the function's output, or a new value. */
static uint32_t result_of(const expansion *e, char name)
{
    size_t output = (size_t)(name - 'A');
    bool wanted =
        name >= 'A' && name <= 'D' && output < e->output_count && e->outputs[output] != PLEURA_NONE;
    return wanted ? e->outputs[output] : pleura_reader_value(e->r, "", 0);
}

static bool bind(expansion *e, char name, uint32_t value)
{
    if (name >= 'a')
        e->bound[name - 'a'] = value;
    uint32_t *item = name == '*' ? pleura_list_add(&e->repeated, sizeof *item) : NULL;
    if (item)
        *item = value;
    return name != '*' || item;
}

static pleura_attribute *all_attributes(expansion *e, size_t *count)
{
    const pleura_node *call = e->call;
    *count = call->attribute_count + e->attribute_count;
    pleura_attribute *all = pleura_arena_alloc(&e->r->graph->arena, *count * sizeof *all + 1);
    if (!all)
        return pleura_refuse_memory(e->r), NULL;
    if (e->attribute_count)
        memcpy(all, e->attributes, e->attribute_count * sizeof *all);
    if (call->attribute_count)
        memcpy(all + e->attribute_count, call->attributes, call->attribute_count * sizeof *all);
    return all;
}

static bool add_step(expansion *e, char name, pleura_operator op)
{
    const uint32_t *inputs = e->inputs.items;
    size_t count = e->inputs.count;
    bool lacks_first = !count || inputs[0] == PLEURA_NONE;
    bool passes = count > 1 && inputs[1] == PLEURA_NONE;
    if (lacks_first || (passes && name >= 'a'))
        return bind(e, name, count ? inputs[0] : PLEURA_NONE);
    pleura_node node = {.op = passes ? PLEURA_OP_Identity : op,
                        .name = e->call->name,
                        .function = e->call->function,
                        .clamp_min = -HUGE_VALF,
                        .clamp_max = HUGE_VALF,
                        .part_count = 1};
    e->inputs.count = passes ? 1 : count;
    node.attributes = all_attributes(e, &node.attribute_count);
    const uint32_t output = node.attributes ? result_of(e, name) : PLEURA_NONE;
    return output != PLEURA_NONE && pleura_reader_add(e->r, node, &e->inputs, &output, 1) &&
           bind(e, name, output);
}

static bool add_parameter(expansion *e, const char *name, size_t i)
{
    const pleura_attribute *all = pleura_node_attribute(e->call, "activation_params", 'F');
    const pleura_attribute *one =
        pleura_node_attribute(e->call, i ? "activation_beta" : "activation_alpha", 'f');
    const bool given = one || (all && all->count > i);
    if (name && given)
        e->attributes[e->attribute_count++] =
            (pleura_attribute){.name = name, .kind = 'f', .f = one ? one->f : all->floats[i]};
    return name || !given;
}

/* The call's activation, whose parameters are in the order of its operator's. */
static bool read_activation(expansion *e, pleura_operator *op)
{
    const pleura_attribute *named = pleura_node_attribute(e->call, "activation", 's');
    pleura_node_label label;
    if (!named)
        return true;
    bool known = pleura_operator_find((pleura_span){named->s, strlen(named->s), e->r}, op) &&
                 pleura_operator_family(*op) == PLEURA_UNARY;
    if (!known || !add_parameter(e, pleura_unaries[*op].a, 0) ||
        !add_parameter(e, pleura_unaries[*op].b, 1))
        pleura_fail(e->r->error, PLEURA_ERROR_OPERATOR,
                    "ONNX: %s has the activation %.40s, which is not supported there.",
                    pleura_node_describe(e->call, &label), named->s);
    return e->r->error->code == PLEURA_OK;
}

/* One step, at e->at; behind it afterwards. */
static bool read_step(expansion *e, size_t further)
{
    const char name = *e->at;
    pleura_operator op = PLEURA_OP_Identity;
    e->at += 2;
    e->inputs.count = e->attribute_count = 0;
    pleura_span token = take(e, " ;");
    if (*token.begin != '$')
        (void)pleura_operator_find(token, &op);
    else if (!read_activation(e, &op))
        return false;
    while (*e->at == ' ') {
        e->at++;
        if (!read_argument(e, further))
            return false;
    }
    return add_step(e, name, op);
}

static bool read_body(expansion *e, const char *body)
{
    for (e->at = body; *e->at; e->at += *e->at == ';') {
        const char *begin = e->at;
        bool repeats = *begin == '*';
        size_t further = 0;
        do {
            e->at = begin;
            if (!read_step(e, further))
                return false;
            further += 3;
        } while (repeats && further + 2 < e->call->input_count);
    }
    return true;
}

bool pleura_function_expand(pleura_reader *r, const pleura_function *function,
                            const pleura_node *call, const uint32_t *outputs, size_t output_count)
{
    pleura_node_label label;
    if (pleura_node_int(call, "channels_last", 0)) {
        pleura_fail(r->error, PLEURA_ERROR_OPERATOR,
                    "ONNX: %s has channels_last, which is not supported.",
                    pleura_node_describe(call, &label));
        return false;
    }
    expansion e = {.r = r, .call = call, .outputs = outputs, .output_count = output_count};
    e.inputs.reader = e.repeated.reader = r;
    memset(e.bound, 0xff, sizeof e.bound); /* PLEURA_NONE */
    if (!function->body)
        return pleura_read_sequence(r, call, outputs, output_count);
    bool ok = read_body(&e, function->body);
    pleura_free(e.inputs.items);
    pleura_free(e.repeated.items);
    return ok;
}
