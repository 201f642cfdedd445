/* Which operators are written with others: their names, domains and bodies (function_body.c). */
#include "functions.h"

#include <string.h>

const pleura_function pleura_functions[] = {
    {"Acos", "", "a=Mul 0 0;a=Sub #1 a;a=Sqrt a;a=Div 0 a;a=Atan a;A=Sub #1.5707964 a"},
    {"Acosh", "", "a=Mul 0 0;a=Sub a #1;a=Sqrt a;a=Add 0 a;A=Log a"},
    {"Asin", "", "a=Mul 0 0;a=Sub #1 a;a=Sqrt a;a=Div 0 a;A=Atan a"},
    {"Asinh", "", "b=Abs 0;a=Mul 0 0;a=Add a #1;a=Sqrt a;a=Add a b;a=Log a;b=Sign 0;A=Mul a b"},
    {"Atanh", "", "a=Add 0 #1;b=Sub #1 0;a=Div a b;a=Log a;A=Mul a #0.5"},
    {"ConcatFromSequence", "", NULL},
    {"ConvInteger", "",
     "x=DequantizeLinear 0 #1 2?;w=DequantizeLinear 1 #1 3? axis:0;y=Conv x w;A=Cast y to:6 "
     "exact:1"},
    {"Cosh", "", "a=Exp 0;b=Reciprocal a;a=Add a b;A=Mul a #0.5"},
    {"DynamicQuantizeLinear", "",
     "l=ReduceMin 0 keepdims:0;l=Min l #0;h=ReduceMax 0 keepdims:0;h=Max h #0;r=Sub h l;"
     "s=Div r #255;e=Equal r #0;s=Where e #1 s;z=Div l s;z=Neg z;z=Round z;z=Clip z #0 #255;"
     "y=Div 0 s;y=Round y;y=Add y z;y=Clip y #0 #255;A=Cast y to:2 exact:1;B=Identity s;"
     "C=Cast z to:2 exact:1"},
    {"GlobalLpPool", "", "a=Abs 0;a=Pow a @p=2;s=ReduceSum a axes:2,3;r=Reciprocal @p=2;A=Pow s r"},
    {"IsInf", "",
     "p=Equal 0 #1e39;n=Equal 0 #-1e39;p=And p @detect_positive=1;n=And n @detect_negative=1;"
     "A=Or p n"},
    {"IsNaN", "", "e=Equal 0 0;A=Not e"},
    {"LpNormalization", "",
     "a=Abs 0;a=Pow a @p=2;s=ReduceL1 a axes:@axis=-1;r=Reciprocal @p=2;s=Pow s r;A=Div 0 s"},
    {"MatMulInteger", "",
     "a=DequantizeLinear 0 #1 2? axis:-2;b=DequantizeLinear 1 #1 3? axis:-1;y=MatMul a b;"
     "A=Cast y to:6 exact:1"},
    {"MeanVarianceNormalization", "",
     "m=ReduceMean 0 axes:0,2,3;d=Sub 0 m;s=Mul d d;s=ReduceMean s axes:0,2,3;s=Sqrt s;"
     "s=Add s #1e-9;A=Div d s"},
    {"QLinearConv", "",
     "x=DequantizeLinear 0 1 2;w=DequantizeLinear 3 4 5 axis:0;s=Mul 1 4;"
     "b=DequantizeLinear 8? s axis:0;y=Conv x w b;A=QuantizeLinear y 6 7"},
    {"QLinearMatMul", "",
     "a=DequantizeLinear 0 1 2 axis:-2;b=DequantizeLinear 3 4 5 axis:-1;y=MatMul a b;"
     "A=QuantizeLinear y 6 7"},
    {"RMSNormalization", "", "A=LayerNormalization 0 1 uncentred:1"},
    {"Scatter", "", "A=ScatterElements 0 1 2"},
    {"SequenceAt", "", NULL},
    {"SequenceConstruct", "", NULL},
    {"SequenceInsert", "", NULL},
    {"Shrink", "",
     "a=Abs 0;m=Greater a @lambd=0.5;s=Sign 0;s=Mul s @bias=0;s=Sub 0 s;A=Where m s #0"},
    {"Sinh", "", "a=Exp 0;b=Reciprocal a;a=Sub a b;A=Mul a #0.5"},
    {"SimplifiedLayerNormalization", "",
     "A=LayerNormalization 0 1 uncentred:1"}, /* ONNX Runtime's */
    {"Swish", "", "s=Mul 0 @alpha=1;s=Sigmoid s;A=Mul 0 s"},
    {"Tan", "", "s=Sin 0;c=Cos 0;A=Div s c"},
    {"BiasGelu", PLEURA_RUNTIME_DOMAIN, "x=Add 0 1;A=Gelu x"},
    {"FastGelu", PLEURA_RUNTIME_DOMAIN,
     "x=Add 0 1?;c=Mul x x;c=Mul c #0.044715;c=Add c #1;c=Mul c x;c=Mul c #0.79788456;c=Tanh c;"
     "c=Add c #1;c=Mul c x;A=Mul c #0.5"},
    {"FusedConv", PLEURA_RUNTIME_DOMAIN, "y=Conv 0 1 2?;y=Add y 3?;A=$activation y"},
    {"FusedGemm", PLEURA_RUNTIME_DOMAIN, "y=Gemm 0 1 2?;A=$activation y"},
    {"FusedMatMul", PLEURA_RUNTIME_DOMAIN,
     "a=Transpose 0 swapped:@transA=0 moved:@transBatchA=0;"
     "b=Transpose 1 swapped:@transB=0 moved:@transBatchB=0;y=MatMul a b;A=Mul y @alpha=1"},
    {"QGemm", PLEURA_RUNTIME_DOMAIN,
     "a=DequantizeLinear 0 1 2?;b=DequantizeLinear 3 4 5? axis:~transB;s=Mul 1 4;s=Mul s @alpha=1;"
     "c=DequantizeLinear 6? s axis:0;y=Gemm a b c;A=QuantizeLinear y 7? 8?"},
    {"QuickGelu", PLEURA_RUNTIME_DOMAIN, "s=Mul 0 @alpha=1.702;s=Sigmoid s;A=Mul 0 s"},
    {"QLinearAdd", PLEURA_RUNTIME_DOMAIN,
     "a=DequantizeLinear 0 1 2?;b=DequantizeLinear 3 4 5?;y=Add a b;A=QuantizeLinear y 6 7?"},
    {"QLinearAveragePool", PLEURA_RUNTIME_DOMAIN,
     "x=DequantizeLinear 0 1 2?;y=AveragePool x;A=QuantizeLinear y 3 4?"},
    {"QLinearConcat", PLEURA_RUNTIME_DOMAIN,
     "*=DequantizeLinear 2 3 4?;y=Concat *;A=QuantizeLinear y 0 1?"},
    {"QLinearGlobalAveragePool", PLEURA_RUNTIME_DOMAIN,
     "x=DequantizeLinear 0 1 2?;y=GlobalAveragePool x;A=QuantizeLinear y 3 4?"},
    {"QLinearLeakyRelu", PLEURA_RUNTIME_DOMAIN,
     "x=DequantizeLinear 0 1 2?;y=LeakyRelu x;A=QuantizeLinear y 3 4?"},
    {"QLinearMul", PLEURA_RUNTIME_DOMAIN,
     "a=DequantizeLinear 0 1 2?;b=DequantizeLinear 3 4 5?;y=Mul a b;A=QuantizeLinear y 6 7?"},
    {"QLinearSigmoid", PLEURA_RUNTIME_DOMAIN,
     "x=DequantizeLinear 0 1 2?;y=Sigmoid x;A=QuantizeLinear y 3 4?"},
    {"QLinearSoftmax", PLEURA_RUNTIME_DOMAIN,
     "x=DequantizeLinear 0 1 2?;y=Softmax x;A=QuantizeLinear y 3 4?"},
    {"SkipLayerNormalization", PLEURA_RUNTIME_DOMAIN,
     "x=Add 0 1;x=Add x 4?;A=LayerNormalization x 2 3?;D=Identity x"},
};

const size_t pleura_function_count = sizeof pleura_functions / sizeof *pleura_functions;

const pleura_function *pleura_function_find(pleura_span domain, pleura_span name)
{
    for (size_t i = 0; i < pleura_function_count; i++)
        if (pleura_span_is(name, pleura_functions[i].name) &&
            (*pleura_functions[i].domain ? pleura_span_is(domain, pleura_functions[i].domain)
                                         : pleura_is_onnx_domain(domain)))
            return &pleura_functions[i];
    return NULL;
}
